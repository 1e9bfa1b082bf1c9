// npm runs this before `npm publish` in a checkout. The package that npm would publish there has no native part, and names
// none that npm could install.
import process from 'node:process'

console.error('publish: expected `npm run release`, which publishes all packages together')
process.exitCode = 1
