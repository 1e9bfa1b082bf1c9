/** Loads the addon of the package in `folder`: its own build, else the prebuild for this platform. */
declare module 'node-gyp-build' {
  function load(folder: string): unknown
  export = load
}
