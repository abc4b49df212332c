// Traps as a stranger's folder may hold them, on the disk; who owns what is told.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Owners, owners } from '../machine/own-files.ts'
import {
  findPackage,
  findPackageFolder,
  findPartOf,
  installCommand,
  type PackageEnvironment,
  placesOf,
  skippedInstallation,
} from './find-package.ts'

const [ROOT, ALICE, MALLORY] = [0, 1000, 1001]
const NAME = 'onnxruntime-node'
const scratch = fs.realpathSync(fs.mkdtempSync(path.join(fs.realpathSync('/tmp'), 'whyslow-packages-')))
afterAll(() => fs.rmSync(scratch, { recursive: true }))

let folder = ''
let count = 0
beforeEach(() => {
  folder = path.join(scratch, `${count++}`)
  install(WHYSLOW, '1.0.0')
})
const at = (...names: string[]) => path.join(folder, ...names)
const WHYSLOW = 'usr/lib/node_modules/whyslow'

function write(file: string, content: object | string): void {
  fs.mkdirSync(path.dirname(at(file)), { recursive: true })
  fs.writeFileSync(at(file), typeof content === 'string' ? content : JSON.stringify(content))
}

/** The package in the folder's node_modules. */
function install(into: string, version: unknown, name = NAME): string {
  write(`${into}/node_modules/${name}/package.json`, { name, version, main: 'main.js' })
  write(`${into}/node_modules/${name}/main.js`, '')
  return at(into, 'node_modules', name)
}

/** Files are Alice's, who asks, but for these. */
function world(cwd: string, others: Readonly<Record<string, number>> = {}, given: Partial<Owners> = {}): PackageEnvironment {
  const byPath = new Map(Object.entries(others).map(([file, owner]) => [at(file), owner]))
  return {
    cwd: at(cwd),
    whyslow: at(WHYSLOW, 'dist'),
    owners: {
      users: [ALICE, ROOT],
      home: at('home/alice'),
      ownerOf: (file) => (fs.existsSync(file) ? (byPath.get(file) ?? ALICE) : null),
      isCheckedIn: () => false,
      ...given,
    },
  }
}

const versionOf = (cwd: string, ...given: [Readonly<Record<string, number>>?, Partial<Owners>?]) =>
  findPackage(NAME, null, world(cwd, ...given))?.version ?? null
const passed = (cwd: string, ...given: [Readonly<Record<string, number>>?, Partial<Owners>?]) =>
  skippedInstallation(NAME, null, world(cwd, ...given))?.replaceAll(`${folder}/`, '') ?? null

describe("the user's own project", () => {
  test.each(['dependencies', 'devDependencies', 'optionalDependencies'])('is measured with what its %s declare', (field) => {
    write('app/package.json', { [field]: { [NAME]: '^1.0.0' } })
    const own = install('app', '1.2.3')
    expect(findPackage(NAME, null, world('app'))).toEqual({ version: '1.2.3', folder: own, entry: `${own}/main.js` })
    expect(passed('app')).toBe(null)
  })

  test('is found from a folder in it, with packages where Node finds them', () => {
    write('work/apps/one/package.json', { dependencies: { [NAME]: '1' } })
    install('work', '1.2.3')
    fs.mkdirSync(at('work/apps/one/models'))
    expect(versionOf('work/apps/one/models')).toBe('1.2.3')
  })

  test("may be root's, as in a container", () => {
    write('app/package.json', { dependencies: { [NAME]: '1' } })
    install('app', '1.2.3')
    const root = { app: ROOT, 'app/package.json': ROOT, [`app/node_modules/${NAME}`]: ROOT }
    expect(versionOf('app', root)).toBe('1.2.3')
  })

  test('of a system without owners is the project that declares the package', () => {
    write('app/package.json', { dependencies: { [NAME]: '1' } })
    install('app', '1.2.3')
    expect(versionOf('app', {}, { users: null })).toBe('1.2.3')
  })
})

describe("a stranger's folder is passed over for whyslow's own, and the reason is told", () => {
  test('that calls itself as the package', () => {
    write('model/package.json', { name: NAME, version: '1.0.0', main: 'x.js', exports: './x.js', dependencies: { [NAME]: '1' } })
    write('model/x.js', '')
    expect(versionOf('model')).toBe('1.0.0')
    expect(findPackage(NAME, null, world('model'))?.folder).toBe(at(WHYSLOW, 'node_modules', NAME))
    expect(passed('model')).toBe('model was passed over: it is not in a node_modules folder')
  })

  test('with a package that nobody declared, there or above', () => {
    write('model/package.json', { name: 'model' })
    install('model', '6.6.6')
    fs.mkdirSync(at('model/deep/down'), { recursive: true })
    for (const cwd of ['model', 'model/deep/down']) {
      expect(versionOf(cwd)).toBe('1.0.0')
      expect(passed(cwd)).toBe(
        `model/node_modules/${NAME} was passed over: model/package.json does not declare it as a dependency`,
      )
    }
  })

  test.each([
    ['the project', 'model', 'model'],
    ['its package.json', 'model/package.json', 'model/package.json'],
    ['the package', `model/node_modules/${NAME}`, `model/node_modules/${NAME}`],
    ["the package's package.json", `model/node_modules/${NAME}/package.json`, `model/node_modules/${NAME}/package.json`],
  ])('in which %s belongs to another user', (_, theirs, told) => {
    write('model/package.json', { dependencies: { [NAME]: '1' } })
    install('model', '6.6.6')
    expect(versionOf('model', { [theirs]: MALLORY })).toBe('1.0.0')
    expect(passed('model', { [theirs]: MALLORY })).toBe(
      `model/node_modules/${NAME} was passed over: ${told} belongs to another user`,
    )
  })

  test('above the first folder of another user', () => {
    write('package.json', { dependencies: { [NAME]: '1' } })
    install('', '6.6.6')
    fs.mkdirSync(at('shared/mine'), { recursive: true })
    expect(versionOf('shared/mine', { shared: MALLORY })).toBe('1.0.0')
    expect(versionOf('shared/mine')).toBe('6.6.6')
  })

  test('above the home folder', () => {
    write('home/package.json', { dependencies: { [NAME]: '1' } })
    install('home', '6.6.6')
    fs.mkdirSync(at('home/alice/models'), { recursive: true })
    expect(versionOf('home/alice/models')).toBe('1.0.0')
  })

  test('that was cloned with the package in it', () => {
    write('model/package.json', { dependencies: { [NAME]: '1' } })
    install('model', '6.6.6')
    const git = (...words: string[]) => execFileSync('git', words, { cwd: at('model'), stdio: 'pipe' })
    git('init')
    const { isCheckedIn } = owners()
    expect(versionOf('model', {}, { isCheckedIn })).toBe('6.6.6')
    git('add', '--force', '.')
    expect(versionOf('model', {}, { isCheckedIn })).toBe('1.0.0')
    expect(passed('model', {}, { isCheckedIn })).toBe(
      `model/node_modules/${NAME} was passed over: it came with the git repository`,
    )
    git('rm', '--cached', '-r', 'node_modules')
    write('model/tests/node_modules/onnxruntime-node/package.json', {})
    git('add', '--force', 'tests')
    expect(versionOf('model', {}, { isCheckedIn })).toBe('6.6.6')
  })

  test('that was cloned with the package as a submodule', () => {
    write('model/package.json', { dependencies: { [NAME]: '1' } })
    install('model', '6.6.6')
    const folder = `model/node_modules/${NAME}`
    execFileSync('git', ['init', '--separate-git-dir', at('model/modules'), at(folder)], { stdio: 'pipe' })
    execFileSync('git', ['add', '--force', '.'], { cwd: at(folder), stdio: 'pipe' })
    const { isCheckedIn } = owners()
    expect(versionOf('model', {}, { isCheckedIn })).toBe('1.0.0')
    expect(passed('model', {}, { isCheckedIn })).toBe(`${folder} was passed over: it came with the git repository`)
  })

  test('with a version that would be written into code', () => {
    write('model/package.json', { dependencies: { [NAME]: '1' } })
    for (const version of ['1\nevil()', 'https://example.com/x.tgz', '', undefined, { toString: 1 }]) {
      install('model', version)
      expect(versionOf('model')).toBe('1.0.0')
      expect(passed('model')).toBe(`model/node_modules/${NAME} was passed over: its package.json has no valid version`)
    }
  })

  test('whose entry leads out of the package', () => {
    write('model/package.json', { dependencies: { [NAME]: '1' } })
    write(`model/node_modules/${NAME}/package.json`, { name: NAME, version: '6.6.6', main: '../../x.js' })
    write('model/x.js', '')
    expect(findPackage(NAME, null, world('model'))).toBe(null)
  })
})

test('what is installed next to whyslow belongs to the user, to root, or to whoever installed whyslow', () => {
  const [installation, package_] = [`${WHYSLOW}/dist`, `${WHYSLOW}/node_modules/${NAME}`]
  fs.mkdirSync(at(installation))
  fs.mkdirSync(at('app'))
  const all = { [package_]: MALLORY, [`${package_}/package.json`]: MALLORY }
  expect(versionOf('app', all)).toBe(null)
  expect(placesOf(NAME, null, world('app', all))).toMatch(/^in the current project or next to whyslow \(.* another user\)$/)
  expect(versionOf('app', { ...all, [installation]: MALLORY })).toBe('1.0.0')
})

test('a folder that is named is taken as it is', () => {
  const stranger = world('model', { model: MALLORY, [`model/node_modules/${NAME}`]: MALLORY })
  const own = install('model', '6.6.6')
  for (const named of [at('model'), own])
    expect(findPackage(NAME, named, stranger)).toMatchObject({ version: '6.6.6', folder: own })
  expect(findPackage(NAME, at('nowhere'), stranger)).toBe(null)
  expect(placesOf(NAME, at('nowhere'), stranger)).toBe(`in ${at('nowhere')}`)
})

test('a part is found if the whole declares it', () => {
  write('app/package.json', { dependencies: { whole: '1' } })
  const whole = install('app', '1.0.0', 'whole')
  install('app', '1.0.1', 'part')
  const found = findPackageFolder('whole', null, world('app'))!
  expect(found.folder).toBe(whole)
  expect(findPartOf(found, 'part', world('app'))).toBe(null)
  write('app/node_modules/whole/package.json', { name: 'whole', version: '1.0.0', dependencies: { part: '1' } })
  expect(findPartOf(found, 'part', world('app'))?.version).toBe('1.0.1')
  expect(findPartOf(found, 'part', world('app', { 'app/node_modules/part': MALLORY }))).toBe(null)
})

test('the command that installs packages is npm, unless whyslow was installed by something else', () => {
  expect(installCommand('one', 'two')).toBe('npm install one two')
  vi.stubEnv('WHYSLOW_INSTALL', 'python -m whyslow install')
  expect(installCommand('one')).toBe('python -m whyslow install one')
  vi.unstubAllEnvs()
})
