import { spawn } from 'node:child_process'
import { once } from 'node:events'
import * as path from 'node:path'
import { createInterface } from 'node:readline'

const program = path.join(__dirname, '..', '..', 'scripts', 'registry.mjs')

/** A registry of npm packages on this machine. */
export interface Registry {
  /** The variables that make npm use it; other programs do not use them. */
  readonly environment: NodeJS.ProcessEnv
  readonly close: () => Promise<void>
}

/**
 * Starts a registry with the packages of the checkout's node_modules, so that a test runs `npm install` as users do,
 * without a network.
 *
 * @param cache - a new folder for npm's cache
 */
export async function startRegistry(cache: string): Promise<Registry> {
  const server = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [address] = (await once(createInterface(server.stdout), 'line')) as [string]
  const environment = {
    npm_config_registry: address,
    npm_config_cache: cache,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  const close = async (): Promise<void> => {
    server.stdin.end()
    await once(server, 'close')
  }
  return { environment, close }
}
