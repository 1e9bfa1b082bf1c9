/**
 * Global types that the package's declarations use and a project may lack: Symbol.dispose is in TypeScript's library
 * ESNext.Disposable and in the types of Node, AbortSignal in the library DOM and in the types of Node. Where they are
 * declared too, the declarations merge.
 *
 * @module
 */

declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol
  }

  // An empty interface adds nothing to a full one. Without it, the type would be an error wherever it is used.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type
  interface AbortSignal {}
}

export {}
