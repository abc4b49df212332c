// What a page is given, packed where it is large: also where a server has it.
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpacked } from '../../packages/report/web/src/unpacked.ts'

const documents = [{ schema: 'whyslow-report/1' }]
const packed = (data: object) => ({ gzip: gzipSync(JSON.stringify(data)).toString('base64') })

test('packed or not, it is the same', async () => {
  const given = { documents, names: ['a.json'], advice: { rule: { toDo: [], notToWorry: [] } } }
  expect(await unpacked(given)).toEqual(given)
  expect(await unpacked(packed(given))).toEqual(given)
  expect(await unpacked({ documents })).toEqual({ documents, names: [], advice: {} })
})

test('without documents it is nothing', async () => {
  expect(await unpacked({})).toBeNull()
  expect(await unpacked(packed({ names: [] }))).toBeNull()
})
