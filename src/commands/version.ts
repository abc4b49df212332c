// The version of this package, from its own package.json.
import fs from 'node:fs'

export const toolVersion: string = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
