//! The `couplet` program: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    couplet::cli::main()
}
