// The load commands of a library for macOS. Debian's tools cannot read them. The format is that of <mach-o/loader.h>.
import { readFileSync } from 'node:fs'

const MAGIC = 0xfeedfacf
const HEADER_BYTES = 32
const LOAD_DYLIB = 0xc
const LOAD_WEAK_DYLIB = 0x80000018
const REEXPORT_DYLIB = 0x8000001f
const CODE_SIGNATURE = 0x1d
const BUILD_VERSION = 0x32

function* loadCommands(bytes) {
  const count = bytes.readUInt32LE(16)
  for (let index = 0, at = HEADER_BYTES; index < count; ++index) {
    const size = bytes.readUInt32LE(at + 4)
    yield { kind: bytes.readUInt32LE(at), body: bytes.subarray(at, at + size) }
    at += size
  }
}

function libraryName(body) {
  const name = body.subarray(body.readUInt32LE(8))
  return name.toString('utf8', 0, name.indexOf(0))
}

/** 0x000b0000 is 11.0. */
const versionText = (packed) => `${packed >> 16}.${(packed >> 8) & 0xff}`

/** The libraries that a file loads, the oldest macOS that it is made for, and whether it is signed. */
export function readMachO(file) {
  const bytes = readFileSync(file)
  if (bytes.readUInt32LE(0) !== MAGIC) throw new Error(`${file} is no 64-bit Mach-O file`)
  const found = { libraries: [], macos: undefined, signed: false }
  for (const { kind, body } of loadCommands(bytes)) {
    if ([LOAD_DYLIB, LOAD_WEAK_DYLIB, REEXPORT_DYLIB].includes(kind)) {
      found.libraries.push(libraryName(body))
    } else if (kind === BUILD_VERSION) {
      found.macos = versionText(body.readUInt32LE(12))
    } else if (kind === CODE_SIGNATURE) {
      found.signed = true
    }
  }
  return found
}
