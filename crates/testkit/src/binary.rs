//! Where the program under test is.

use std::path::Path;
use std::sync::LazyLock;

/// Its path. Cargo tells it to integration tests of its own package alone, while they are compiled; that it
/// stands one folder above them is what a test there holds. Handing it over would be a call that each test
/// has to make first.
pub fn binary() -> &'static str {
    static BINARY: LazyLock<String> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(Path::parent).unwrap();
        let program = folder.join(format!("v-secure{}", std::env::consts::EXE_SUFFIX));
        program.into_os_string().into_string().unwrap()
    });
    &BINARY
}
