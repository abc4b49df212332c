import fs from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { afterEach, expect, test, vi } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { nodeDisk } from './disk.ts'
import { checkOut } from './out-folder.ts'

const base = scratch()
const model = path.join(base, 'models', 'm.onnx')
fs.mkdirSync(path.dirname(model))
fs.writeFileSync(model, 'model')

afterEach(() => vi.restoreAllMocks())

let count = 0
/** A new folder with these files in it. */
function folderWith(files: Record<string, string>): string {
  const folder = path.join(base, `folder${count++}`)
  fs.mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text)
  return folder
}

function refusal(out: string, force = false): string {
  try {
    checkOut(out, force, model)
  } catch (error) {
    expect(error).toBeInstanceOf(InputError)
    return (error as Error).message
  }
  throw new Error(`${out} was accepted`)
}

const manifest = JSON.stringify({ schema: 'whyslow-folder/1', files: [{ path: 'model.onnx' }] })

test('a new folder: its absolute path, nothing left beside it', () => {
  const before = fs.readdirSync(base)
  expect(checkOut(path.join(base, 'new'), false, model)).toBe(path.join(base, 'new'))
  expect(checkOut(`${base}/x/../new/`, false, model)).toBe(path.join(base, 'new'))
  expect(fs.readdirSync(base)).toEqual(before)
})

test('a folder of whyslow is replaced, with what a package manager put there; a file of the user protects it', () => {
  const own = folderWith({ 'manifest.json': manifest, 'model.onnx': '', 'package-lock.json': '' })
  fs.mkdirSync(path.join(own, 'node_modules'))
  expect(checkOut(own, false, model)).toBe(own)
  fs.writeFileSync(path.join(own, 'server.js'), '')
  expect(refusal(own)).toMatch(/holds server\.js, which whyslow did not put there; move it, or --force/)
  expect(checkOut(own, true, model)).toBe(own)
})

test.each([
  ['nothing', {}],
  ['other files', { 'a.txt': '' }],
  ['a manifest of another tool', { 'manifest.json': '{"schema":"other/1","files":[]}' }],
  ['a manifest that is not valid JSON', { 'manifest.json': '{' }],
  ['a manifest without files', { 'manifest.json': '{"schema":"whyslow-folder/1"}' }],
])('a folder with %s is left alone but for --force', (_, files) => {
  const folder = folderWith(files)
  expect(refusal(folder)).toMatch(/exists and was not written by whyslow; .* --force/)
  expect(checkOut(folder, true, model)).toBe(folder)
})

test('what is never replaced, whatever is said', () => {
  expect(refusal('/', true)).toMatch(/root folder/)
  expect(refusal('.', true)).toMatch(/holds the current folder/)
  expect(refusal('..', true)).toMatch(/holds the current folder|root/)
  expect(refusal(homedir(), true)).toMatch(/home folder/)
  expect(refusal(path.dirname(homedir()), true)).toMatch(/home folder|root/)
  expect(refusal(path.dirname(model), true)).toMatch(/holds the model/)
  expect(refusal(base, true)).toMatch(/holds the model/)
  expect(refusal(model, true)).toMatch(/this is a file/)
  const own = folderWith({ 'manifest.json': manifest, 'model.onnx': '' })
  expect(() => checkOut(own, true, path.join(own, 'model.onnx'))).toThrow(/holds the model/)
})

test('links: followed to folders, seen through where they hide the model, refused where they lead nowhere', () => {
  const own = folderWith({ 'manifest.json': manifest, 'model.onnx': '' })
  const link = path.join(base, 'link')
  fs.symlinkSync(own, link, 'dir')
  expect(checkOut(link, false, model)).toBe(own)
  fs.symlinkSync(path.dirname(model), path.join(base, 'hidden'), 'dir')
  expect(refusal(path.join(base, 'hidden'), true)).toMatch(/holds the model/)
  fs.symlinkSync(path.join(base, 'gone'), path.join(base, 'dangling'))
  expect(refusal(path.join(base, 'dangling'), true)).toMatch(/link that leads nowhere/)
})

test('a model that is itself a link protects the folder that names it', () => {
  const cache = folderWith({ 'manifest.json': manifest })
  const named = path.join(cache, 'm.onnx')
  fs.symlinkSync(model, named)
  expect(() => checkOut(cache, true, named)).toThrow(/holds the model/)
})

test('no parent, no name', () => {
  expect(refusal(path.join(base, 'no', 'fast'))).toMatch(/the folder .*no does not exist: create it/)
  expect(refusal(path.join(model, 'fast'))).toMatch(/does not exist/)
  expect(refusal('')).toMatch(/give the name of a folder/)
  expect(refusal(path.join(base, 'x'.repeat(250)))).toMatch(/name is too long/)
})

test.each([
  ['EROFS', /the file system is read-only/],
  ['EACCES', /no permission/],
  ['ENOSPC', /the disk is full/],
])('a disk that says %s', (code, said) => {
  const makeFolder = () => {
    throw Object.assign(new Error(code), { code, syscall: 'mkdir' })
  }
  expect(() => checkOut(path.join(base, 'new'), false, model, { ...nodeDisk, makeFolder })).toThrow(said)
})
