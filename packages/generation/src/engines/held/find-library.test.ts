import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { libraryIn } from './find-library.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-library-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

it('finds the library of the machine, in the newest interface of Node that the package was built for', () => {
  for (const file of [
    'napi-v3/linux/x64/libonnxruntime.so.1',
    'napi-v6/linux/x64/libonnxruntime.so.1.30.0',
    'napi-v6/linux/x64/onnxruntime_binding.node',
    'napi-v6/win32/x64/onnxruntime.dll',
    'napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib',
  ]) {
    fs.mkdirSync(path.join(folder, 'bin', path.dirname(file)), { recursive: true })
    fs.writeFileSync(path.join(folder, 'bin', file), '')
  }
  const on = (platform: NodeJS.Platform, arch: NodeJS.Architecture) => {
    const found = libraryIn(folder, { platform, arch })
    return found && path.relative(path.join(folder, 'bin'), found)
  }
  expect(on('linux', 'x64')).toBe('napi-v6/linux/x64/libonnxruntime.so.1.30.0')
  expect(on('darwin', 'arm64')).toBe('napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib')
  expect(on('win32', 'x64')).toBe('napi-v6/win32/x64/onnxruntime.dll')
  expect(on('linux', 'arm64')).toBeNull()
  expect(libraryIn(path.join(folder, 'elsewhere'))).toBeNull()
})
