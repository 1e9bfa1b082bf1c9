/**
 * What the library uses of node:diagnostics_channel, where nobody can subscribe.
 *
 * @module
 */
interface Channel {
  readonly hasSubscribers: boolean
  readonly publish: (message: unknown) => void
}

export const channel = (): Channel => ({ hasSubscribers: false, publish: () => undefined })
