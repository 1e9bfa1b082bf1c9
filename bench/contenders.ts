/**
 * The contenders that can be measured on this machine, and how each is started.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as path from 'node:path'
import type { Command } from './contender-process'

export interface Contender {
  readonly name: string
  /** The command of its process for the job in a file. */
  readonly command: (jobFile: string) => Command
}

/** A peer that is not measured, and why. */
export interface Absent {
  readonly name: string
  readonly reason: string
}

export interface Contenders {
  /** The device that all of them use. */
  readonly device: string
  readonly project: Contender
  readonly peers: readonly Contender[]
  readonly absent: readonly Absent[]
}

/** The paths of the bench's parts. */
export interface Places {
  /** The checkout. */
  readonly root: string
  /** The compiled TypeScript of this folder. */
  readonly scripts: string
  /** The probe's executable. */
  readonly probe: string
  /** The project's addon. */
  readonly addon: string
}

export const PROJECT = 'gru-native'

/** Peers in Node: the package in bench/package.json, and the module in peers/ that runs it. */
const NODE_PEERS = [
  { name: 'onnxruntime-node', needs: 'onnxruntime-node', script: 'onnxruntime-node' },
  { name: 'tfjs-wasm', needs: '@tensorflow/tfjs-backend-wasm', script: 'tfjs' },
  { name: 'brain.js', needs: 'brain.js', script: 'brain' },
] as const

/** Peers in Python, with their names in peer.py. */
const PYTHON_PEERS = ['pytorch', 'onnxruntime', 'jax', 'tensorflow'] as const

/** The names that `--peer` accepts. */
export const PEER_NAMES: readonly string[] = [
  ...NODE_PEERS.map(({ name }) => name),
  ...PYTHON_PEERS,
]

/** Peers that can compute on a GPU. */
const GPU_PEERS: readonly string[] = ['pytorch']

const INSTALL = 'npm ci --prefix bench --ignore-scripts'

/** Finds the requested peers that can compute on the device. */
export function findContenders(
  places: Places,
  wanted: readonly string[],
  device: string,
): Contenders {
  const found = [...findNodePeers(places), ...findPythonPeers(places)].filter(
    ({ name }) => wanted.includes(name) && (device === 'cpu' || GPU_PEERS.includes(name)),
  )
  return {
    device,
    project: onDevice(device, buildContender(places, PROJECT, places.root)),
    peers: found.filter((peer) => 'command' in peer).map((peer) => onDevice(device, peer)),
    absent: found.filter((peer) => 'reason' in peer),
  }
}

/** The contender with its device in its environment. PyTorch and the project use the same names of devices. */
export function onDevice(device: string, { name, command }: Contender): Contender {
  return {
    name,
    command: (jobFile) => {
      const given = command(jobFile)
      return { ...given, env: { ...given.env, GRU_NATIVE_DEVICE: device } }
    },
  }
}

/** A build of this project, in the `dist/` and `build/` of a checkout. */
export function buildContender(places: Places, name: string, checkout: string): Contender {
  return {
    name,
    command: (jobFile) => nodeCommand(places, 'gru-native', jobFile, checkout),
  }
}

/** This project's addon, called without the TypeScript layer. */
export function bindingContender(places: Places): Contender {
  return {
    name: 'binding',
    command: (jobFile) => nodeCommand(places, 'binding', jobFile, places.addon),
  }
}

function nodeContender(places: Places, name: string, script: string): Contender {
  const peers = path.join(places.root, 'bench')
  return { name, command: (jobFile) => nodeCommand(places, script, jobFile, peers) }
}

function nodeCommand(places: Places, script: string, ...args: readonly string[]): Command {
  const file = path.join(places.scripts, 'peers', `${script}.js`)
  return { program: process.execPath, args: [file, ...args] }
}

function findNodePeers(places: Places): (Contender | Absent)[] {
  return NODE_PEERS.map(({ name, needs, script }) =>
    existsSync(path.join(places.root, 'bench', 'node_modules', needs))
      ? nodeContender(places, name, script)
      : { name, reason: `not installed (${INSTALL})` },
  )
}

function findPythonPeers({ root }: Places): (Contender | Absent)[] {
  const python = process.env['GRU_BENCH_PYTHON']
  const script = path.join(root, 'bench', 'peers', 'python', 'peer.py')
  const absent = (reason: string): Absent[] => PYTHON_PEERS.map((name) => ({ name, reason }))
  if (python === undefined) return absent('GRU_BENCH_PYTHON names no Python interpreter')
  const versions = listPythonPeers(python, script)
  if (typeof versions === 'string') return absent(versions)
  return PYTHON_PEERS.map((name) =>
    versions[name] === undefined
      ? { name, reason: `not installed for ${python}` }
      : { name, command: (jobFile) => ({ program: python, args: [script, name, jobFile] }) },
  )
}

/** The versions of the installed peers by name, or why there are none. */
function listPythonPeers(python: string, script: string): Partial<Record<string, string>> | string {
  try {
    const stdio = ['ignore', 'pipe', 'pipe'] as const
    const text = execFileSync(python, [script, '--list'], { encoding: 'utf8', stdio: [...stdio] })
    return JSON.parse(text) as Record<string, string>
  } catch (error) {
    return `${python} cannot run: ${(error as Error).message.split('\n')[0]!}`
  }
}
