import { expect, test } from 'vitest'
import { ownNames } from './own-names.ts'

const OWN = ['127.0.0.1', '127.0.0.1:8000', 'localhost:9', 'LOCALHOST', '[::1]:8000', '127.0.0.2:1', '']
const OTHER = [
  'evil.example',
  'evil.example:8000',
  '127.0.0.1.evil.example',
  'localhost.evil.example:8000',
  'a@localhost',
  '0.0.0.0',
]

test.each(['127.0.0.1', 'localhost', '::1'])('%s has the names of this machine alone, whatever the port', (host) => {
  const isOwn = ownNames(host, [])!
  expect(OWN.filter((name) => !isOwn(name))).toEqual([])
  expect(OTHER.filter((name) => isOwn(name))).toEqual([])
})

test('what others reach has any name, unless names are given', () => {
  expect([ownNames('0.0.0.0', []), ownNames('10.0.0.1', []), ownNames('127.0.0.1', ['*'])]).toEqual([null, null, null])
  const isOwn = ownNames('10.0.0.1', ['Model.example'])!
  expect(['model.example', 'model.example:443', '10.0.0.1:8000', 'localhost', 'evil.example'].map(isOwn)).toEqual([
    ...[true, true, true, true, false],
  ])
})

test('what others reach has any address, and no name but those that are given', () => {
  const isOwn = ownNames('0.0.0.0', ['app.example'])!
  const hosts = ['10.1.2.3:8000', '[fd00::7]:8000', '192.168.0.9', 'app.example', '10.1.2.3.evil.example', '10.1.2', '[evil]']
  expect(hosts.map(isOwn)).toEqual([true, true, true, true, false, false, false])
  expect(ownNames('127.0.0.1', ['app.example'])!('10.1.2.3:8000')).toBe(false)
})
