import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import * as path from 'node:path'

/** A temporary folder for each test file, removed after it. Returns a function from names to paths. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'gru-native-test-'))
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })
  return (name) => path.join(folder, name)
}
