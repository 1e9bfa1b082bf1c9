import { type Runtime, runtime } from '../../lib'

/** What the environment requests of the engine and the engine does not do; empty if it does everything. */
export function unmetChoices(
  environment: Readonly<Record<string, string | undefined>>,
  { isa, blas }: Pick<Runtime, 'isa' | 'blas'>,
): string[] {
  const unmet: string[] = []
  const check = (name: string, found: string): void => {
    const asked = environment[name] ?? ''
    if (asked !== '' && asked !== found) unmet.push(`${name}=${asked}, but the engine has ${found}`)
  }
  check('GRU_NATIVE_ISA', isa)
  check('GRU_NATIVE_BLAS', blas === 'none' ? 'off' : 'on')
  return unmet
}

/**
 * Fails the tests of a file if the engine ignores a request of the environment, as it does with a misspelt name. Such
 * tests would compute in the default way and test nothing else.
 */
export function requireChosenEngine(): void {
  beforeAll(() => {
    expect(unmetChoices(process.env, runtime())).toEqual([])
  })
}
