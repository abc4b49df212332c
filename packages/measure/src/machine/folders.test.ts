import os from 'node:os'
import { join, parse } from 'node:path'
import { expect, test, vi } from 'vitest'
import { cacheFolder, dataFolder, homeFolder } from './folders.ts'

test('the cache folder follows the conventions of each system', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/var/cache/me' }, 'linux')).toBe(join('/var/cache/me', 'whyslow'))
  expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toMatch(/\.cache[/\\]whyslow$/)
  expect(cacheFolder({ XDG_CACHE_HOME: '' }, 'linux')).toMatch(/\.cache[/\\]whyslow$/)
  expect(cacheFolder({}, 'darwin')).toMatch(/Library[/\\]Caches[/\\]whyslow$/)
  expect(cacheFolder({ LOCALAPPDATA: join('C:', 'Local') }, 'win32')).toBe(join('C:', 'Local', 'whyslow', 'cache'))
})

test('the data folder does, too', () => {
  expect(dataFolder({ XDG_DATA_HOME: '/data' }, 'linux')).toBe(join('/data', 'whyslow'))
  expect(dataFolder({ XDG_DATA_HOME: 'relative' }, 'linux')).toMatch(/[\\/]\.local[\\/]share[\\/]whyslow$/)
  expect(dataFolder({}, 'darwin')).toMatch(/Library[\\/]Application Support[\\/]whyslow$/)
  expect(dataFolder({ LOCALAPPDATA: join('C:', 'Local') }, 'win32')).toBe(join('C:', 'Local', 'whyslow'))
})

test('a user without a home has the root, as containers give it', () => {
  expect(homeFolder()).toBe(os.homedir())
  const homedir = vi.spyOn(os, 'homedir').mockImplementation(() => {
    throw new Error('A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)')
  })
  expect(homeFolder()).toBe(parse(process.cwd()).root)
  homedir.mockRestore()
})
