import { spawn } from 'node:child_process'

/** How a command ended, and what it wrote. */
export interface ShellExit {
  readonly status: number | null
  readonly output: string
}

/** Runs a command line as a user would, in a folder. It does not block this process. */
export function shell(
  command: string,
  folder: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<ShellExit> {
  const child = spawn('sh', ['-c', command], {
    cwd: folder,
    env: { ...process.env, ...environment },
  })
  let output = ''
  const collect = (chunk: Buffer): void => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      resolve({ status, output })
    })
  })
}
