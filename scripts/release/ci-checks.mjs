// The part of a release that is quick enough for continuous integration: builds the addon of one Linux with glibc by the
// release's compiler, checks its symbols, and for arm64 runs a part of the tests under QEMU.
//
//   node scripts/release/ci-checks.mjs linux-x64|linux-arm64 [--json FILE]
//
// The last line of output is the path of the addon for linux-x64, and for linux-arm64 what ran. --json writes the counts
// of the tests, { passed, failed }.
