//! What another process costs, as the kernel counts it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;

/// What a process took from its start to its end.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub code: i64,
    pub wall_s: f64,
    pub cpu_s: f64,
    pub peak_mib: f64,
}

/// Waits with the kernel's own count; safe Rust has no `wait4`.
const WAIT: &str = r"
import os,sys,time
t=time.monotonic(); pid=os.fork()
if pid==0:
    os.execvp(sys.argv[2],sys.argv[2:])
_,st,ru=os.wait4(pid,0)
open(sys.argv[1],'w').write('%d %f %f %f'%(os.waitstatus_to_exitcode(st),time.monotonic()-t,ru.ru_utime+ru.ru_stime,ru.ru_maxrss/1024))
";

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Outcome<(Cost, Vec<u8>)> {
    let told = tempfile::NamedTempFile::new()?;
    let mut outer = Command::new("python3");
    outer
        .args(["-c", WAIT])
        .arg(told.path())
        .arg(command.get_program())
        .args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    let output = outer.stderr(Stdio::null()).output()?;
    let text = fs::read_to_string(told.path())?;
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [code, wall_s, cpu_s, peak_mib] = figures[..] else {
        return Err(format!("`{}` did not run", command.get_program().display()).into());
    };
    let cost = Cost {
        code: code as i64,
        wall_s,
        cpu_s,
        peak_mib,
    };
    Ok((cost, output.stdout))
}

/// A program of that name: where the variable says, else on the path.
pub fn program(name: &str) -> Option<PathBuf> {
    let given = std::env::var_os(format!("BENCH_{}", name.to_uppercase()));
    if let Some(given) = given {
        return Some(given.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Processor time of a running process and its threads so far, in ms.
pub fn cpu_ms(pid: u32) -> Option<f64> {
    let mut all = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let path = thread.ok()?.path().join("schedstat");
        let text = fs::read_to_string(path).ok()?;
        all += text.split_whitespace().next()?.parse::<f64>().ok()? / 1e6;
    }
    Some(all)
}

/// Peak resident memory of a running process, in MiB.
pub fn peak_mib(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// The built program.
pub fn couplet() -> Command {
    Command::new(env!("CARGO_BIN_EXE_couplet"))
}

/// Size of a file, or 0.
pub fn size(path: &Path) -> f64 {
    fs::metadata(path).map_or(0.0, |meta| meta.len() as f64)
}
