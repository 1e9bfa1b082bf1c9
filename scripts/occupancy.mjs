// The number of blocks of a kernel that are resident on one multiprocessor: the formulas of the CUDA toolkit's
// cuda_occupancy.h, with the limits of each target from the CUDA C++ programming guide.
import { StepError } from './project.mjs'

const KIB = 1024
const WARP = 32
/**
 * Registers are allocated to a warp in units of this many, from one of four equal parts of the multiprocessor's
 * registers.
 */
const REGISTER_UNIT = 256
const REGISTER_PARTS = 4
const REGISTERS = 65536

/** Per multiprocessor: warps, blocks, bytes of shared memory; the additional bytes of each block, and the unit. */
const LIMITS = {
  75: { warps: 32, blocks: 16, shared: 64 * KIB, reserved: 0, unit: 256 },
  80: { warps: 64, blocks: 32, shared: 164 * KIB, reserved: KIB, unit: 128 },
  86: { warps: 48, blocks: 16, shared: 100 * KIB, reserved: KIB, unit: 128 },
  89: { warps: 48, blocks: 24, shared: 100 * KIB, reserved: KIB, unit: 128 },
  90: { warps: 64, blocks: 32, shared: 228 * KIB, reserved: KIB, unit: 128 },
  100: { warps: 64, blocks: 32, shared: 228 * KIB, reserved: KIB, unit: 128 },
  120: { warps: 48, blocks: 24, shared: 100 * KIB, reserved: KIB, unit: 128 },
}

const upTo = (value, unit) => Math.ceil(value / unit) * unit

/**
 * The resident blocks of `threads` threads with `registers` registers each and `shared` bytes of shared memory for each
 * block.
 */
export function residentBlocks(target, { threads, registers, shared }) {
  const limits = LIMITS[target]
  if (!limits) throw new StepError(`sm_${target}: its limits are not in scripts/occupancy.mjs`)
  const warps = Math.ceil(threads / WARP)
  const registersOfWarp = upTo(Math.max(registers, 1) * WARP, REGISTER_UNIT)
  const warpsOfPart = Math.floor(REGISTERS / REGISTER_PARTS / registersOfWarp)
  const sharedOfBlock = upTo(shared, limits.unit) + limits.reserved
  return Math.min(
    limits.blocks,
    Math.floor(limits.warps / warps),
    Math.floor((warpsOfPart * REGISTER_PARTS) / warps),
    sharedOfBlock === 0 ? limits.blocks : Math.floor(limits.shared / sharedOfBlock),
  )
}
