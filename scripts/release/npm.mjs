// The npm by which the release tries its packages, whatever npm this machine has.
import { join } from 'node:path'

export const NPM = {
  name: 'npm',
  version: '11.21.2',
  sha512:
    '7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
}

/** The command of an npm that is in a folder. */
export const npmIn = (folder) => ['node', join(folder, 'bin', 'npm-cli.js')]
