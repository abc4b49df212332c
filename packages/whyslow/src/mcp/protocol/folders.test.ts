// Which paths a client may name. Links are followed before anything is decided.
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { UNIX } from '../../../../../test/needs.ts'
import { exampleClient, textOf } from '../../../test/support/mcp/protocol/example-client.ts'

const top = realpathSync(folderOfTests())
const [inside, outside, other] = ['inside', 'outside', 'other'].map((name) => path.join(top, name)) as [string, string, string]
const make = (folder: string, ...files: readonly string[]) => {
  mkdirSync(folder, { recursive: true })
  for (const file of files) writeFileSync(path.join(folder, file), '')
}
make(inside, 'm.onnx', 'fix')
make(`${inside}-not`, 'm.onnx')
make(path.join(inside, 'deep'), 'm.onnx')
make(outside, 'secret', 'm.onnx')
make(other, 'm.onnx')
make(path.join(inside, 'samples'), 'a.npy')
make(path.join(inside, 'leaky/deep'))
const link = (to: string, at: string) => symlinkSync(to, path.join(inside, at))
const hasLinks = process.platform !== 'win32'
if (hasLinks) {
  link(path.join(outside, 'secret'), 'secret.onnx')
  link(outside, 'way-out')
  link('deep/m.onnx', 'alias.onnx')
  link(path.join(outside, 'not-yet'), 'dangling')
  link(path.join(outside, 'secret'), 'leaky/deep/a.npy')
  link('../samples', 'leaky/samples')
  link('loop', 'loop')
}

/** What the command gets, or the line that refuses. */
async function resolved(
  given: Record<string, string>,
  setup: Partial<Parameters<typeof exampleClient>[0]> = {},
): Promise<string> {
  const { call, commands } = await exampleClient({ cwd: top, roots: () => [inside], ...setup })
  const result = await call(given)
  return result.isError ? textOf(result) : commands[0]![0]!
}
const REFUSED = `outside the folders that are allowed (${inside}); give a path in them`

describe('a path inside the roots', () => {
  test.each([
    ['from the root', 'm.onnx', 'inside/m.onnx'],
    ['with a way back', 'deep/../m.onnx', 'inside/m.onnx'],
    ['absolute', path.join(inside, 'deep/m.onnx'), 'inside/deep/m.onnx'],
    ['that does not exist', 'new/x.onnx', 'inside/new/x.onnx'],
    ['the root itself', '.', /^inside: holds a link|holds a link/],
  ])('%s', async (_, given, expected) => {
    const words = await resolved({ model: given })
    if (typeof expected === 'string') expect(words).toBe(`model=${path.normalize(expected)}`)
    else if (hasLinks) expect(words).toMatch(expected)
  })

  test.runIf(hasLinks)('a link that stays inside is what it leads to', UNIX, async () => {
    expect(await resolved({ model: 'alias.onnx' })).toBe('model=inside/deep/m.onnx')
  })

  test('is taken neither for a command nor for an option', async () => {
    expect(await resolved({ model: 'fix' }, { cwd: inside })).toBe(`model=.${path.sep}fix`)
    expect(await resolved({ out: '--force' }, { cwd: inside })).toBe(`out=.${path.sep}--force`)
    expect(await resolved({ model: 'm.onnx' }, { cwd: outside })).toBe(`model=${path.join(inside, 'm.onnx')}`)
  })
})

describe('a path that leads out is refused', () => {
  test.each([
    ['absolute', path.join(outside, 'm.onnx')],
    ['by ..', '../outside/m.onnx'],
    ['by .. behind a folder that does not exist', 'new/../../outside/m.onnx'],
    ['to a folder whose name begins alike', '../inside-not/m.onnx'],
    ['above the root', '..'],
  ])('%s', async (_, given) => {
    expect(await resolved({ model: given })).toBe(`${given}: ${REFUSED}`)
    expect(await resolved({ out: given })).toBe(`${given}: ${REFUSED}`)
  })

  test.runIf(hasLinks).each([
    ['a link to a file', 'secret.onnx'],
    ['a link to a folder', 'way-out/m.onnx'],
    ['below a link, where nothing is yet', 'way-out/new/x'],
    ['a link to what does not exist yet', 'dangling'],
    ['below such a link', 'dangling/x'],
    ['a link to itself', 'loop'],
  ])('%s', UNIX, async (_, given) => {
    expect(await resolved({ model: given })).toBe(`${given}: ${REFUSED}`)
    expect(await resolved({ out: given })).toBe(`${given}: ${REFUSED}`)
  })

  test.runIf(hasLinks)('a link in a folder that is called like a snapshot, but in no cache of models', UNIX, async () => {
    make(path.join(top, 'proj/blobs'), 'b1')
    make(path.join(top, 'proj/snapshots/r1'))
    symlinkSync('../../blobs/b1', path.join(top, 'proj/snapshots/r1/m.onnx'))
    const root = path.join(top, 'proj/snapshots/r1')
    expect(await resolved({ model: 'm.onnx' }, { roots: () => [root] })).toMatch(/^m\.onnx: outside the folders/)
  })

  test.runIf(hasLinks)('a folder of data that holds such a link, however deep', UNIX, async () => {
    expect(await resolved({ data: 'samples' })).toBe('data=inside/samples')
    expect(await resolved({ data: 'leaky' })).toMatch(/^leaky: holds a link that leaves the folders that are allowed/)
    expect(await resolved({ data: 'leaky/samples' })).toBe('data=inside/samples')
  })

  test('an empty path, and one with a NUL character', async () => {
    for (const given of ['', 'm.onnx\0.txt']) expect(await resolved({ model: given })).toMatch(/is empty or holds a NUL/)
  })
})

describe.runIf(hasLinks)('a snapshot in a cache of Hugging Face', UNIX, () => {
  const cache = path.join(top, 'hub/models--owner--name')
  const snapshot = path.join(cache, 'snapshots/r1')
  make(path.join(cache, 'blobs'), 'b1')
  make(path.join(cache, 'refs'), 'main')
  make(path.join(snapshot, 'onnx'))
  make(path.join(top, 'hub/models--owner--other/blobs'), 'b2')
  const linked = (to: string, name: string) => symlinkSync(to, path.join(snapshot, name))
  linked('../../blobs/b1', 'model.onnx')
  linked('../../../blobs/b1', 'onnx/model.onnx')
  linked('../../refs/main', 'ref.onnx')
  linked('../../../models--owner--other/blobs/b2', 'other.onnx')
  linked(path.join(outside, 'secret'), 'secret.onnx')
  const roots = () => [snapshot]

  test.each(['model.onnx', 'onnx/model.onnx'])('%s is the content that it leads to', async (model) => {
    expect(await resolved({ model }, { roots })).toBe('model=hub/models--owner--name/blobs/b1')
  })

  test.each(['ref.onnx', 'other.onnx', 'secret.onnx', '../../blobs/b1'])('%s is refused', async (model) => {
    expect(await resolved({ model }, { roots })).toMatch(/: outside the folders that are allowed/)
  })

  test('nothing is written through it', async () => {
    expect(await resolved({ out: 'model.onnx' }, { roots })).toMatch(/: outside the folders that are allowed/)
  })

  test('only where the snapshot itself is allowed', async () => {
    expect(await resolved({ model: path.join(snapshot, 'model.onnx') })).toMatch(/: outside the folders that are allowed/)
    expect(await resolved({ model: 'model.onnx' }, { roots, named: [inside] })).toMatch(/: outside the folders that are allowed/)
  })
})

describe('the roots', () => {
  test('are asked for again when they have changed', async () => {
    let roots = [inside]
    const { call, client } = await exampleClient({ cwd: top, roots: () => roots })
    const given = { model: path.join(other, 'm.onnx') }
    expect(await call(given)).toMatchObject({ isError: true })
    roots = [inside, other]
    expect(await call(given)).toMatchObject({ isError: true })
    await client.sendRootsListChanged()
    expect((await call(given)).isError).toBeUndefined()
    roots = []
    await client.sendRootsListChanged()
    expect(textOf(await call(given))).toMatch(/the client has opened no folder; open the folder of the model/)
  })

  test('that are no folders count for nothing', async () => {
    const roots = () => [path.join(inside, 'm.onnx'), path.join(top, 'gone')]
    expect(await resolved({ model: 'm.onnx' }, { roots })).toMatch(/the client has opened no folder/)
  })

  test.runIf(hasLinks)('may be links themselves', UNIX, async () => {
    expect(await resolved({ model: 'm.onnx' }, { roots: () => [path.join(inside, 'way-out')] })).toBe('model=outside/m.onnx')
  })

  test('a client without roots gets the current folder, which is said once', async () => {
    const { call, said } = await exampleClient({ cwd: inside, roots: null })
    expect((await call({ model: 'm.onnx' })).isError).toBeUndefined()
    expect(await call({ model: '../outside/m.onnx' })).toMatchObject({ isError: true })
    expect(said).toEqual([`the client offers no roots: paths are confined to the current folder, ${inside}`])
  })

  test('but not the whole disk', async () => {
    const { call, said } = await exampleClient({ cwd: path.parse(top).root, roots: null })
    expect(textOf(await call({ model: path.join(inside, 'm.onnx') }))).toMatch(/start whyslow mcp --root FOLDER$/)
    expect(said[0]).toMatch(/the current folder is the whole disk: no path is allowed/)
  })

  test('count within the folders that the user named', async () => {
    const named = [path.join(inside, 'deep')]
    expect(await resolved({ model: 'deep/m.onnx' }, { named })).toBe(`model=${path.join('inside/deep/m.onnx')}`)
    expect(await resolved({ model: 'm.onnx' }, { named })).toMatch(/outside the folders that are allowed \(.*deep\)/)
    expect(await resolved({ model: 'm.onnx' }, { named, roots: null })).toBe(`model=${path.join('inside/deep/m.onnx')}`)
    await expect(exampleClient({ cwd: top, named: ['gone'] })).rejects.toThrow(
      '--root gone: no such folder; give a folder that exists',
    )
  })
})
