//! The dashboard over a real OpenSSH server on loopback, as `docs/ssh.md` sets it up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use couplet::clock::Clock;
use serde_json::Value;

use crate::lab::{EXE, Lab};
use crate::screen::apart;
use crate::terminal::Terminal;

/// How long the server may take to listen, and a lease to be given back.
const PATIENCE: Duration = Duration::from_mins(1);

/// Who has a key. The first is whom most tests sign in as.
pub const OPERATORS: [&str; 5] = ["ravi", "ana", "bela", "cem", "dee"];

/// A server with a host key, a user's key and settings of its own.
pub struct Server {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

fn sshd() -> Option<PathBuf> {
    let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
    places.iter().map(PathBuf::from).find(|path| path.exists())
}

fn make_key(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status();
    assert!(made.expect("it comes with sshd").success());
}

impl Server {
    /// None where there is no sshd on this machine; `.ci/run` installs it.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub fn start(lab: &Lab, command: &str) -> Option<Self> {
        let Some(sshd) = sshd() else {
            eprintln!("SKIPPED: there is no sshd; `apt-get install openssh-server openssh-client`");
            return None;
        };
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        make_key(&at("host"));
        let mut lines = String::new();
        for operator in OPERATORS {
            make_key(&at(operator));
            let key = std::fs::read_to_string(at(operator).with_extension("pub")).expect("a key");
            write!(
                lines,
                "restrict,pty,environment=\"COUPLET_OPERATOR={operator}\" {key}"
            )
            .expect("text");
        }
        std::fs::write(at("authorized_keys"), lines).expect("a file");

        let mut script = "#!/bin/sh\n".to_owned();
        for (name, value) in lab
            .env()
            .iter()
            .filter(|(name, _)| **name != "COUPLET_OPERATOR")
        {
            writeln!(script, "export {name}='{value}'").expect("text");
        }
        writeln!(script, "export LANG=C.UTF-8\nexec {command}").expect("text");
        std::fs::write(at("dashboard"), script).expect("a file");
        std::fs::set_permissions(at("dashboard"), PermissionsExt::from_mode(0o700)).expect("ours");

        let port = {
            let free = TcpListener::bind("127.0.0.1:0").expect("a port");
            free.local_addr().expect("bound").port()
        };
        let dir = folder.path().display();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {dir}/host\nPidFile none\n\
             AuthorizedKeysFile {dir}/authorized_keys\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitUserEnvironment COUPLET_OPERATOR\nPermitUserRC no\n\
             DisableForwarding yes\nForceCommand {dir}/dashboard\n"
        );
        std::fs::write(at("config"), config).expect("a file");
        // Where a server that runs as root goes with its less privileged half.
        let _there_or_not_ours = std::fs::create_dir_all("/run/sshd");
        let child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(at("config"))
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(at("log")).expect("a file"))
            .spawn()
            .expect("it starts");
        let server = Self {
            child,
            folder,
            port,
        };
        let clock = Clock::system();
        let began = clock.ticks();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                Duration::from_millis(clock.ticks().abs_diff(began)) < PATIENCE,
                "sshd never listened: {}",
                server.log()
            );
            std::thread::yield_now();
        }
        Some(server)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn arguments(&self, operator: &str) -> Vec<String> {
        let key = self.folder.path().join(operator).display().to_string();
        let port = self.port.to_string();
        let words = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                     -o IdentitiesOnly=yes -o LogLevel=ERROR -o BatchMode=yes 127.0.0.1";
        let own = ["-tt", "-i", &key, "-p", &port].map(str::to_owned);
        let words = words.split_whitespace().map(str::to_owned);
        own.into_iter().chain(words).collect()
    }

    fn open(&self) -> Terminal {
        self.open_as(OPERATORS[0])
    }

    /// A dashboard of this operator.
    pub fn open_as(&self, operator: &str) -> Terminal {
        let arguments = self.arguments(operator);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let env = BTreeMap::from([("TERM".to_owned(), "xterm-256color".to_owned())]);
        Terminal::start("ssh", &arguments, env, (100, 30))
    }

    /// What a command asked for over the link gives, without a terminal.
    fn ask(&self, line: &str) -> Output {
        let mut command = Command::new("ssh");
        command
            .args(self.arguments(OPERATORS[0]).iter().skip(1))
            .arg(line);
        command.stdin(Stdio::null()).output().expect("it starts")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn holder(lab: &Lab) -> Value {
    lab.run(&["status", "--json"]).ended(&[0]).json()["holder"].clone()
}

#[track_caller]
fn until(what: &str, is_so: impl Fn() -> bool) {
    let clock = Clock::system();
    let began = clock.ticks();
    while !is_so() {
        assert!(
            Duration::from_millis(clock.ticks().abs_diff(began)) < PATIENCE,
            "never: {what}"
        );
    }
}

/// Opens the workbench of the conflict about a last name, stages an answer, and stops before the yes.
pub fn answer(screen: &mut Terminal, key: &str) {
    screen.press("3");
    screen.wait_for("by reason");
    // Both values, or the one that a colleague has staged.
    let is_it = |line: &str| {
        let values = ["Ost / West", "✓ Ost", "✓ West"];
        line.contains(['≠', '✓']) && values.iter().any(|value| line.contains(value))
    };
    let lines = screen.wait("the conflict", |shown| shown.lines().any(is_it));
    let mut rows = lines.lines().filter(|line| line.contains(['≠', '✓']));
    let place = rows.position(is_it);
    screen.press("gg");
    screen.press(&"j".repeat(place.expect("it is on the screen").saturating_sub(1)));
    screen.press("<enter>");
    screen.wait_for("0 of 1 decided");
    screen.press(key);
    screen.wait_for("1 of 1 decided");
    screen.press("a");
    screen.wait_for("y apply");
}

#[test]
fn a_decision_made_over_ssh_outlives_the_link_and_the_lease_is_free() {
    let lab = Lab::quick(20, 11);
    let person = apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let Some(server) = Server::start(&lab, EXE) else {
        return;
    };
    let mut screen = server.open();
    screen.wait_for("idle since");
    assert_eq!(
        holder(&lab)["operator"],
        "ravi",
        "the name comes with the key"
    );
    answer(&mut screen, "l");
    screen.press("y");
    screen.wait("the decision applied", |shown| {
        !shown.contains("y apply") && !shown.contains("undecided")
    });

    // The link goes, without a word.
    let pid = screen.pid().expect("it runs").to_string();
    let killed = Command::new("kill").args(["-9", &pid]).status();
    assert!(killed.expect("kill is there").success());
    until("the lease is free", || holder(&lab).is_null());

    // Whoever comes next goes on from there.
    lab.pass(&[]);
    let now = |side: &str, key: &str| {
        let id = person[format!("{side}_id")].as_str().expect("an id");
        lab.records(side, "contact")[id][key].clone()
    };
    assert_eq!(now("ghl", "lastName"), "West");
    assert_eq!(now("growbots", "last_name"), "West");
    let open = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let fields = open.to_string();
    assert!(!fields.contains("\"Ost\""), "it is decided: {fields}");
}

#[test]
fn another_command_than_the_forced_one_is_not_run() {
    let lab = Lab::quick(2, 1);
    let Some(server) = Server::start(&lab, EXE) else {
        return;
    };
    let witness = lab.data().join("witness");
    let ended = server.ask(&format!("touch {}", witness.display()));
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("the dashboard needs a terminal"), "{said}");
    assert!(!witness.exists());
}

#[test]
fn a_viewer_sees_and_stages_nothing_and_runs_no_loop() {
    let lab = Lab::quick(20, 11);
    apart(&lab);
    lab.run(&["sync", "--once"]).ended(&[3]);
    let Some(server) = Server::start(&lab, &format!("{EXE} --role viewer")) else {
        return;
    };
    let before = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    let mut screen = server.open();
    screen.wait_for("[1 Contacts");
    screen.press("3");
    screen.wait_for("last name");
    screen.press("gg<enter>");
    screen.wait_for("undecided");
    screen.press("l");
    screen.wait_for("A viewer looks and changes nothing");
    assert!(holder(&lab).is_null(), "nobody runs the loop");
    drop(screen);
    let after = lab.run(&["conflicts", "list", "--json"]).ended(&[0]).json();
    assert_eq!(before, after);
    for line in [
        "conflicts resolve 1 --take ghl",
        "sync --once",
        "alerts ack 1",
        "serve",
    ] {
        let args: Vec<&str> = ["--role", "viewer"]
            .into_iter()
            .chain(line.split(' '))
            .collect();
        let refused = lab.run(&args).ended(&[2]);
        assert!(
            refused.err.contains("a viewer may look"),
            "{line}: {}",
            refused.err
        );
    }
    lab.run(&["--role", "viewer", "conflicts", "list"])
        .ended(&[0]);
}
