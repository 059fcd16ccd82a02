"""Two Python clients by others against a running sandbox: only the base URL is changed.

python ghl_clients.py URL LOCATION TOKEN CONTROL KEY RSA_KEY, where both packages are installed (README.md beside this
file). The keys are those that the sandbox publishes for its webhooks.
"""

import asyncio
import json
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

URL, LOCATION, TOKEN, CONTROL, KEY, RSA_KEY = sys.argv[1:7]
results = []


def typed():
    """gohighlevel-api decodes every answer into classes made from the vendor's files."""
    import gohighlevel_api.models as m
    from gohighlevel_api import AuthenticatedClient
    from gohighlevel_api.api import contacts, notes, search, tags, tasks
    from gohighlevel_api.api.contacts import create_contact, delete_contact, get_contact, get_contacts, update_contact
    from gohighlevel_api.api.notes import create_note, get_all_notes
    from gohighlevel_api.api.tags import add_tags
    from gohighlevel_api.api.tasks import create_task, get_all_tasks

    client = AuthenticatedClient(base_url=URL, token=TOKEN, raise_on_unexpected_status=True)

    def call(module, *args, **more):
        name = module.__name__.rsplit(".", 1)[1]
        version = getattr(m, "".join(part.title() for part in name.split("_")) + "Version")("2021-07-28")
        try:
            answer = module.sync(*args, client=client, version=version, **more)
            if "DTO" in type(answer).__name__:
                raise AssertionError(answer)
            results.append((f"gohighlevel-api {name}", None))
            return answer
        except Exception as error:
            results.append((f"gohighlevel-api {name}", repr(error)))

    made = call(create_contact, body=m.CreateContactDto(location_id=LOCATION, first_name="Typed", email="typed@example.org"))
    contact = made.contact.id
    call(get_contact, contact)
    call(update_contact, contact, body=m.UpdateContactDto(city="Denver"))
    call(get_contacts, location_id=LOCATION, query="typed")
    call(create_task, contact, body=m.CreateTaskParams(title="Call", due_date="2026-06-20T15:00:00Z", completed=False))
    call(get_all_tasks, contact)
    call(create_note, contact, body=m.NotesDTO(body="Hello"))
    call(get_all_notes, contact)
    call(add_tags, contact, body=m.TagsDTO(tags=["typed"]))
    call(delete_contact, contact)


async def vendor():
    """gohighlevel-api-client is the vendor's own."""
    from highlevel import HighLevel

    HighLevel.BASE_URL = URL
    client = HighLevel(private_integration_token=TOKEN, log_level="none")

    async def call(name, run):
        try:
            results.append((f"gohighlevel-api-client {name}", None))
            return await run
        except Exception as error:
            results[-1] = (results[-1][0], repr(error))

    made = await call(
        "create_contact",
        client.contacts.create_contact({"locationId": LOCATION, "firstName": "Py", "email": "py@example.org"}),
    )
    contact = (made if isinstance(made, dict) else made.to_dict())["contact"]["id"]
    await call("get_contact", client.contacts.get_contact(contact_id=contact))
    task = {"title": "Call", "dueDate": "2026-06-20T15:00:00Z", "completed": False}
    await call("create_task", client.contacts.create_task(contact_id=contact, request_body=task))
    await call("get_all_tasks", client.contacts.get_all_tasks(contact_id=contact))
    await call("create_note", client.contacts.create_note(contact_id=contact, request_body={"body": "Hello"}))
    await call("add_tags", client.contacts.add_tags(contact_id=contact, request_body={"tags": ["py"]}))
    search = {"locationId": LOCATION, "pageLimit": 10}
    await call("search_contacts_advanced", client.contacts.search_contacts_advanced(request_body=search))
    await call("get_location", client.locations.get_location(location_id=LOCATION))
    await call("delete_contact", client.contacts.delete_contact(contact_id=contact))
    headers, raw = await asyncio.to_thread(delivered)
    body, forged = raw.decode(), raw.decode().replace("Hooked", "Forged")
    for name, header, key, verify in [
        ("verify_ed25519_signature", "x-ghl-signature", KEY, client.webhooks.verify_ed25519_signature),
        ("verify_signature", "x-wh-signature", RSA_KEY, client.webhooks.verify_signature),
    ]:
        got = [verify(text, headers[header], key) for text in (body, forged)]
        results.append((f"gohighlevel-api-client {name}", None if got == [True, False] else repr(got)))


def put(path, body):
    """A call of the sandbox's control API."""
    data = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{CONTROL}/{path}", data, headers, method="PUT")).close()


def delivered():
    """Headers and raw body of the webhook that the sandbox sends of a new contact."""
    got = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    put("settings", {"ghl.webhook_signatures": "both"})
    put("webhooks", {"side": "ghl", "url": f"http://127.0.0.1:{server.server_port}/hook"})
    receiver = threading.Thread(target=server.handle_request)
    receiver.start()
    body = json.dumps({"firstName": "Hooked", "email": "hook@example.org"}).encode()
    headers = {"content-type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(f"{CONTROL}/records/ghl/contact", body, headers)).close()
    receiver.join()
    put("webhooks", {"side": "ghl", "url": None})
    return got[0]


typed()
asyncio.run(vendor())
for name, error in results:
    print("ok    " if error is None else "FAILED", name, error or "")
failed = sum(error is not None for _, error in results)
print(f"{len(results) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
