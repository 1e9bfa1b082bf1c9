// Installs the package without the CUDA plug-in, and then the plug-in by the command of the message that says that there is
// none. It needs no GPU: the plug-in must load into the prebuilt addon, and then it says itself what is missing.
import { StepError } from '../project.mjs'
import { output } from './commands.mjs'
import { NPM, npmIn } from './npm.mjs'
import { provideTool } from './npm-package.mjs'
import { inUserProject, nodeAlone } from './user-project.mjs'

const ASK = `import { runtime } from 'gru-native'; console.log(JSON.stringify(runtime().cuda))`

/** How the addon says that there is no plug-in, with the package to install. */
const WITHOUT = /^there is no CUDA plug-in .*`npm install (@gru-native\/cuda-linux-x64@[^`]+)`/

/** What the plug-in itself says where there is no GPU. */
const FROM_PLUGIN = /NVIDIA driver|no GPU that CUDA can use/

function found({ available, reason, devices }) {
  if (available) return `finds ${devices.length} GPUs`
  if (FROM_PLUGIN.test(reason)) return `says "${reason}"`
  throw new StepError(`the CUDA plug-in does not load into the prebuilt addon: ${reason}`)
}

function tryPlugin(project) {
  const environment = nodeAlone(project)
  const inProject = (command) => output(command, project, environment)
  const install = (name) =>
    inProject([...npmIn(provideTool(NPM)), 'install', '--ignore-scripts', name])
  const ask = () => JSON.parse(inProject(['node', '--input-type=module', '--eval', ASK]))
  install('gru-native')
  const { reason } = ask()
  const [, plugin] = WITHOUT.exec(reason) ?? []
  if (plugin === undefined) throw new StepError(`expected ${WITHOUT}, got: ${reason}`)
  install(plugin)
  return `the CUDA plug-in: npm installs ${plugin}, and it ${found(ask())}`
}

/** Tries the plug-in of a registry, whose address is given. Returns in words what was seen. */
export const checkCuda = (registry) => inUserProject(registry, tryPlugin)
