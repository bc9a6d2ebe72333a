//! The program in the jail: does what its input says, and prints what came of each act.
#![expect(
    unsafe_code,
    reason = "a hostile program makes calls that no library makes"
)]

use std::ffi::CString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpStream;
use std::path::PathBuf;

/// Something to try.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Say what the input is.
    Input,
    /// Read a file.
    Read(PathBuf),
    /// Open a file for writing, or create it.
    Write(PathBuf),
    /// Make a system call whose arguments are 0.
    Call(i64),
    /// Make a system call with this first argument.
    CallWith(i64, i64),
    /// Make a system call with these first arguments.
    CallWith2(i64, i64, i64),
    /// Make a system call of i386.
    Call32(i64),
    /// Make another process, by `clone`.
    Fork,
    /// Run a thread.
    Thread,
    /// Start this many threads at once, and say how many started.
    Threads(usize),
    /// Become another program.
    Become(PathBuf),
    /// Become the program of this open file.
    BecomeFile(i32),
    /// Duplicate the input to this number.
    Duplicate(i32),
    /// Connect to an address.
    Connect(String),
    /// Say the names of the environment's variables.
    Environment,
    /// Take this many bytes of memory.
    Allocate(usize),
    /// Compute for ever, on this many threads.
    Spin(usize),
    /// Wait for ever.
    Wait,
    /// End with this status.
    Exit(i32),
    /// Crash.
    Crash,
}

/// The input of a program that does these acts.
pub fn encode(acts: &[Act]) -> String {
    let lines: Vec<String> = acts.iter().map(encode_one).collect();
    lines.join(";")
}

fn encode_one(act: &Act) -> String {
    match act {
        Act::Input => "input".to_owned(),
        Act::Read(path) => format!("read {}", path.display()),
        Act::Write(path) => format!("write {}", path.display()),
        Act::Call(call) => format!("call {call} 0 0"),
        Act::CallWith(call, first) => format!("call {call} {first} 0"),
        Act::CallWith2(call, first, second) => format!("call {call} {first} {second}"),
        Act::Call32(call) => format!("call32 {call}"),
        Act::Fork => "fork".to_owned(),
        Act::Thread => "thread".to_owned(),
        Act::Threads(number) => format!("threads {number}"),
        Act::Become(path) => format!("become {}", path.display()),
        Act::BecomeFile(file) => format!("becomefile {file}"),
        Act::Duplicate(file) => format!("duplicate {file}"),
        Act::Connect(address) => format!("connect {address}"),
        Act::Environment => "environment".to_owned(),
        Act::Allocate(bytes) => format!("allocate {bytes}"),
        Act::Spin(threads) => format!("spin {threads}"),
        Act::Wait => "wait".to_owned(),
        Act::Exit(status) => format!("exit {status}"),
        Act::Crash => "crash".to_owned(),
    }
}

/// Does the acts of the input.
pub fn perform() {
    let input = fs::read_to_string("/proc/self/fd/0").unwrap();
    for act in input.split(';') {
        let words: Vec<&str> = act.split(' ').collect();
        let answer = perform_one(&input, &words);
        println!("ANSWER {answer}");
    }
}

fn perform_one(input: &str, words: &[&str]) -> String {
    let number = |index: usize| words[index].parse::<i64>().unwrap();
    match words[0] {
        "input" => {
            assert_eq!(fs::read_to_string("/proc/self/fd/0").unwrap(), input);
            input.to_owned()
        }
        "read" => said(fs::read(words[1]).map(|_| "read".to_owned())),
        "write" => said(
            File::options()
                .write(true)
                .create(true)
                .truncate(false)
                .open(words[1])
                .and_then(|mut file| file.write_all(b"x"))
                .map(|()| "written".to_owned()),
        ),
        "call" => {
            announce_nothing();
            // SAFETY: The calls of the tests fail or end this process.
            result(unsafe { libc::syscall(number(1), number(2), number(3), 0, 0, 0, 0) })
        }
        "call32" => call32(number(1)),
        "fork" => {
            // SAFETY: The same call as `fork` makes.
            let made = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
            if made == 0 {
                // Another process: lives for as long as it may.
                wait();
            }
            result(made)
        }
        "thread" => std::thread::spawn(|| "a thread ran".to_owned())
            .join()
            .unwrap(),
        "threads" => {
            let mut started = 1;
            while started < number(1) {
                let thread = std::thread::Builder::new().stack_size(1 << 16);
                match thread.spawn(|| wait()) {
                    Ok(_) => started += 1,
                    Err(_) => break,
                }
            }
            started.to_string()
        }
        "become" => {
            let path = CString::new(words[1]).unwrap();
            let arguments = [path.as_ptr(), std::ptr::null()];
            // SAFETY: Both lists end with a null pointer.
            result(unsafe {
                libc::syscall(
                    libc::SYS_execve,
                    path.as_ptr(),
                    arguments.as_ptr(),
                    &arguments[1],
                )
            })
        }
        "becomefile" => {
            let arguments = [c"x".as_ptr(), std::ptr::null()];
            // SAFETY: Both lists end with a null pointer.
            result(unsafe {
                libc::syscall(
                    libc::SYS_execveat,
                    number(1),
                    c"".as_ptr(),
                    arguments.as_ptr(),
                    &arguments[1],
                    libc::AT_EMPTY_PATH,
                )
            })
        }
        // SAFETY: Nothing uses that number.
        "duplicate" => result(unsafe { libc::syscall(libc::SYS_dup3, 0, number(1), 0) }),
        "connect" => said(TcpStream::connect(words[1]).map(|_| "connected".to_owned())),
        "environment" => {
            let names = std::env::vars().map(|(name, _)| name);
            names.collect::<Vec<_>>().join(" ")
        }
        "allocate" => {
            let mut bytes = Vec::<u8>::new();
            match bytes.try_reserve_exact(usize::try_from(number(1)).unwrap()) {
                Ok(()) => "allocated".to_owned(),
                Err(_) => "no memory".to_owned(),
            }
        }
        "spin" => {
            for _ in 0..number(1) {
                std::thread::spawn(|| -> () {
                    loop {
                        std::hint::spin_loop();
                    }
                });
            }
            wait()
        }
        "wait" => {
            println!("ANSWER waiting");
            wait()
        }
        "exit" => std::process::exit(i32::try_from(number(1)).unwrap()),
        // SAFETY: There is nothing to be saved.
        "crash" => unsafe {
            std::ptr::null_mut::<u8>().write_volatile(1);
            String::new()
        },
        other => panic!("{other}"),
    }
}

/// Empties the buffers, so that a death is not mistaken for silence.
fn announce_nothing() {
    io::stdout().flush().unwrap();
}

fn wait() -> ! {
    loop {
        std::thread::park();
    }
}

fn said(done: io::Result<String>) -> String {
    done.unwrap_or_else(|e| {
        e.to_string()
            .to_lowercase()
            .replace("function not implemented", "not implemented")
    })
}

fn result(returned: i64) -> String {
    if returned >= 0 {
        return format!("it works: {returned}");
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::ENOSYS) => "not implemented".to_owned(),
        Some(libc::EBADF) => "bad file".to_owned(),
        Some(number) => format!("error {number}"),
        None => "no error".to_owned(),
    }
}

#[cfg(target_arch = "x86_64")]
fn call32(call: i64) -> String {
    let returned: i64;
    // SAFETY: A call without arguments.
    unsafe {
        std::arch::asm!("int 0x80", inout("rax") call => returned, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    format!("it works: {returned}")
}

#[cfg(not(target_arch = "x86_64"))]
fn call32(_: i64) -> String {
    "there is no such call here".to_owned()
}
