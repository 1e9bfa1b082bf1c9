// The documentation site, as a folder that any web server can show.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inRoot } from '../project.mjs'
import { must } from './commands.mjs'

/** Builds the site and copies it to `out`/site. Returns that folder. */
export function releaseSite(out) {
  must('building the site', ['npm', 'run', '--silent', 'site'])
  const folder = join(out, 'site')
  rmSync(folder, { recursive: true, force: true })
  cpSync(inRoot('site', 'dist'), folder, { recursive: true })
  return folder
}
