//! Makes the types and the service of `proto/`, without a compiler that must be installed.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    grpc()
}

#[cfg(not(feature = "grpc"))]
#[expect(clippy::unnecessary_wraps, reason = "the other one can fail")]
fn grpc() -> Result<(), Box<dyn Error>> {
    Ok(())
}

#[cfg(feature = "grpc")]
fn grpc() -> Result<(), Box<dyn Error>> {
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_source_info(true).include_imports(true).open_file("cairn/v1/log.proto")?;
    // For reflection: what a client asks before it knows anything.
    let out = std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    let descriptors = std::path::Path::new(&out).join("cairn.v1.bin");
    std::fs::write(descriptors, compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
