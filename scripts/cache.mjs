// Where builds remember what they have done: in a folder of this work tree alone, since work trees may share node_modules, and what one of them has
// written the others have not.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
export const cache = join(root, 'node_modules/.cache', `whyslow-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`)
