// Which installation of a package is used. The verdict is about the user's service, so theirs comes first: that of the project around the current
// folder, if the project declares it and all of it is the user's own. Else the one that is installed with whyslow. A folder that is named is
// taken as it is. Inspecting a stranger's folder runs nothing of it.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { isVersion } from '@whyslow/graph/version.ts'
import { type Owners, owners, ownFoldersFrom, whyNotOwn } from '../machine/own-files.ts'

export interface FoundPackage extends PackageFolder {
  readonly entry: string
}

export interface PackageFolder {
  readonly version: string
  readonly folder: string
}

/** What the search reads of the world. */
export interface PackageEnvironment {
  readonly cwd: string
  /** A folder of whyslow's own. */
  readonly whyslow: string
  readonly owners: Owners
}

export const packageEnvironment = (cwd = process.cwd()): PackageEnvironment => ({
  cwd,
  whyslow: import.meta.dirname,
  owners: owners(),
})

/** null: it is not installed. `packageFrom`: a folder, the package's own or one that has it; null: the usual places. */
export function findPackage(name: string, packageFrom: string | null, world = packageEnvironment()): FoundPackage | null {
  const { at } = lookFor(name, packageFrom, world)
  if (at === null) return null
  try {
    const require = createRequire(path.join(at.base, 'noop.js'))
    const entry = fs.realpathSync(require.resolve(at.base === at.folder ? at.folder : name))
    // Node also takes what has no package.json.
    const isInside = entry.startsWith(`${at.folder}${path.sep}`)
    return isInside ? { entry, version: at.version, folder: at.folder } : null
  } catch {
    return null
  }
}

/** The same for a package whose entry Node's `require` does not take. */
export const findPackageFolder = (name: string, packageFrom: string | null, world = packageEnvironment()): PackageFolder | null =>
  lookFor(name, packageFrom, world).at

/** A package that `whole` brings along: it declares it. */
export function findPartOf(whole: PackageFolder, name: string, world = packageEnvironment()): FoundPackage | null {
  const declared = declares(readPackage(whole.folder), name)
  const part = declared ? findPackage(name, whole.folder, world) : null
  return part !== null && whyNot(part.folder, [], world) === null ? part : null
}

/** Why an installation that is nearer than the one in use was passed over, in one line; null: none was. */
export const skippedInstallation = (name: string, packageFrom: string | null, world = packageEnvironment()): string | null =>
  lookFor(name, packageFrom, world).passedOver

/** What to type to install packages. whyslow's Python package installs them in a folder of its own, and says so in the environment. */
export const installCommand = (...names: readonly string[]): string =>
  [process.env.WHYSLOW_INSTALL || 'npm install', ...names].join(' ')

/** Where a package was looked for that was not found, in words. */
export function placesOf(name: string, packageFrom: string | null, world = packageEnvironment()): string {
  const places = packageFrom === null ? 'in the current project or next to whyslow' : `in ${packageFrom}`
  const { passedOver } = lookFor(name, packageFrom, world)
  return passedOver === null ? places : `${places} (${passedOver})`
}

interface Located extends PackageFolder {
  /** The folder to resolve it from. */
  readonly base: string
}

interface LookedFor {
  readonly at: Located | null
  readonly passedOver: string | null
}

function lookFor(name: string, packageFrom: string | null, world: PackageEnvironment): LookedFor {
  if (packageFrom !== null) return described(name, named(name, packageFrom))
  const project = ofProject(name, world)
  if (project.at !== null) return project
  const own = described(name, placeFrom(name, world.whyslow))
  if (own.at === null) return { at: null, passedOver: project.passedOver ?? own.passedOver }
  // Nothing is passed over where both are the same.
  if (project.folder === own.at.folder) return own
  const against = whyNot(own.at.folder, [], withOwnerOf(world))
  return against === null
    ? { at: own.at, passedOver: project.passedOver }
    : { at: null, passedOver: project.passedOver ?? passedOverText(own.at.folder, against) }
}

const passedOverText = (folder: string, reason: string): string => `${folder} was passed over: ${reason}`

/** Whoever installed whyslow installed the packages next to it. */
function withOwnerOf(world: PackageEnvironment): PackageEnvironment {
  const { users, ownerOf } = world.owners
  const owner = ownerOf(world.whyslow)
  const all = users === null || owner === null ? users : [...users, owner]
  return { ...world, owners: { ...world.owners, users: all, isCheckedIn: () => false } }
}

const whyNot = (folder: string, files: readonly string[], { owners }: PackageEnvironment): string | null =>
  whyNotOwn(folder, [...files, folder, path.join(folder, 'package.json')], owners)

/** The nearest project that declares the package and has it installed, if all is the user's own. `folder`: what was passed over. */
function ofProject(name: string, world: PackageEnvironment): LookedFor & { readonly folder: string | null } {
  let passed: { readonly folder: string; readonly reason: string } | null = null
  const pass = (folder: string, reason: string) => {
    passed ??= { folder, reason }
  }
  for (const project of ownFoldersFrom(world.cwd, world.owners)) {
    const manifest = readPackage(project)
    // A folder that calls itself so may be anything; Node would take it for the package.
    if (manifest?.name === name) {
      pass(project, 'it is not in a node_modules folder')
      continue
    }
    if (!declares(manifest, name)) {
      const undeclared = realFolder(path.join(project, 'node_modules', name))
      if (undeclared !== null) pass(undeclared, `${path.join(project, 'package.json')} does not declare it as a dependency`)
      continue
    }
    const folder = installedFrom(name, project)
    if (folder === null) continue
    const against = whyNot(folder, [project, path.join(project, 'package.json')], world)
    if (against !== null) {
      pass(folder, against)
      continue
    }
    const { at, passedOver } = described(name, { base: project, folder })
    if (at !== null) return { at, passedOver: null, folder: null }
    return { at: null, passedOver, folder }
  }
  // The current folder may be another user's, so that none was looked at.
  const near = installedFrom(name, world.cwd)
  if (passed === null && near !== null) pass(near, whyNot(near, [world.cwd], world) ?? 'it is beyond the folders of this user')
  const found = passed as { readonly folder: string; readonly reason: string } | null
  return { at: null, passedOver: found && passedOverText(found.folder, found.reason), folder: found?.folder ?? null }
}

interface Place {
  readonly base: string
  readonly folder: string
}

/** What --ort names: the package's own folder, or one that has it. */
function named(name: string, packageFrom: string): Place | null {
  const base = realFolder(packageFrom) ?? path.resolve(packageFrom)
  if (readPackage(base)?.name === name) return { base, folder: base }
  return placeFrom(name, base)
}

function placeFrom(name: string, base: string): Place | null {
  const folder = installedFrom(name, base)
  return folder === null ? null : { base, folder }
}

/** Where Node finds the package from a folder, links followed. */
function installedFrom(name: string, base: string): string | null {
  const places = createRequire(path.join(base, 'noop.js')).resolve.paths(name) ?? []
  for (const place of places) {
    const folder = realFolder(path.join(place, name))
    if (folder !== null) return folder
  }
  return null
}

function described(name: string, place: Place | null): LookedFor {
  const manifest = place && readPackage(place.folder)
  if (place === null || manifest?.name !== name) return { at: null, passedOver: null }
  const { version } = manifest
  if (isVersion(version)) return { at: { ...place, version }, passedOver: null }
  return { at: null, passedOver: passedOverText(place.folder, 'its package.json has no valid version') }
}

interface Manifest {
  readonly name?: unknown
  readonly version?: unknown
  readonly [field: string]: unknown
}

const DECLARED_BY = ['dependencies', 'devDependencies', 'optionalDependencies'] as const

const declares = (manifest: Manifest | null, name: string): boolean =>
  DECLARED_BY.some((field) => {
    const declared = manifest?.[field]
    return typeof declared === 'object' && declared !== null && Object.hasOwn(declared, name)
  })

function readPackage(folder: string): Manifest | null {
  try {
    const read: unknown = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
    return typeof read === 'object' && read !== null ? (read as Manifest) : null
  } catch {
    return null
  }
}

/** null: no package is there. */
function realFolder(folder: string): string | null {
  return fs.existsSync(path.join(folder, 'package.json')) ? fs.realpathSync(folder) : null
}
