// Signatures of the npm package `standardwebhooks` over the cases of standard_webhooks.json, one a line.
//
// node standard_webhooks.mjs CASES, in a folder where the package is installed (README.md beside this file).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { Webhook } = createRequire(`${process.cwd()}/`)('standardwebhooks');
for (const { secret, id, at, body } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  console.log(new Webhook(secret).sign(id, new Date(at * 1000), body));
}
