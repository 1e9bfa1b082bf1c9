/**
 * Loads the addon of the package in `folder`: a local build if there is one, otherwise the prebuilt one for this
 * platform.
 */
declare module 'node-gyp-build' {
  function load(folder: string): unknown
  export = load
}
