/**
 * The processes of the bench of serving.
 *
 * @module
 */
import * as path from 'node:path'
import type { Command } from '../contender-process'
import type { Places } from '../contenders'

/** A module of inside/, with the folder from which it loads the project or the peer. */
export function insideCommand(
  { scripts, root }: Places,
  script: string,
  isPeer: boolean,
  jobFile: string,
): Command {
  const file = path.join(scripts, 'serving', 'inside', `${script}.js`)
  const folder = isPeer ? path.join(root, 'bench') : root
  return { program: process.execPath, args: [file, jobFile, folder] }
}
