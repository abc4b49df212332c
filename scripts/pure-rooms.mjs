// The rooms that docs/architecture.md calls pure: they touch no file, clock or process, and behave alike on every version of Node.
//   node scripts/pure-rooms.mjs     prints a pattern of the files of each, a line each
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './cache.mjs'

const named = (text) => [...text.matchAll(/`([\w./-]+)`/g)].map(([, name]) => name)

/** Names of rooms, 'model/analyze', and of those in them that are not pure. */
export function pureRooms(page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')) {
  const [, pure, apart] = /^- These rooms are pure: [^.]*\.(.*?)Inside them, ([^\n]*) not pure:/ms.exec(page)
  return { pure: named(pure), apart: named(apart) }
}

if (process.argv[1] === import.meta.filename)
  for (const room of pureRooms().pure) {
    const [name, ...rest] = room.split('/')
    console.log(['packages', name, 'src', ...rest, '**'].join('/').replace(/\.ts\/\*\*$/, '.test.ts'))
  }
