// Which modules were at work while the user's file was loaded, from V8's profile of the start: modules run one after the other, what they
// import before themselves (https://tc39.es/ecma262/#sec-innermoduleevaluation), each from its top level.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ImportFact } from '../facts.ts'
import type { CpuProfile, ProfileNode } from './cpu-profile.ts'
import type { ImportedModule } from './source.ts'
import type { UserFile } from './user-files.ts'

/** Shorter is not told. */
const LEAST_MS = 1
const MOST = 40

/** One row for each module whose top level ran, in the order in which they ran. `module` is the file, absolute. */
export function modulesOf({ nodes, samples, timeDeltas }: CpuProfile): ImportFact[] {
  const modules = modulesByNode(nodes)
  const ms = new Map<string, { ms: number; line: number | null }>()
  for (const [at, id] of samples.entries()) {
    const found = modules.get(id)
    if (found === undefined) continue
    const before = ms.get(found.file)
    const took = Math.max(0, timeDeltas[at] ?? 0) / 1000
    ms.set(found.file, { ms: (before?.ms ?? 0) + took, line: before?.line ?? found.line })
  }
  return [...ms].map(([module, { ms: selfMs, line }]) => ({ module, selfMs, totalMs: selfMs, line }))
}

interface Module {
  readonly file: string
  /** Most often at work in the top level itself; null: in functions. */
  readonly line: number | null
}

/** Modules keyed by id of the nodes that are a module's top level, or below one. */
function modulesByNode(nodes: readonly ProfileNode[]): Map<number, Module> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const found = new Map<number, Module>()
  const visit = (node: ProfileNode, above: Module | null, isOurs: boolean): void => {
    const { url, functionName, lineNumber } = node.callFrame
    const isFile = url.startsWith('file:') || path.isAbsolute(url)
    const isTop = isFile && lineNumber === 0 && /^(\(anonymous\))?$/.test(functionName)
    const own =
      above ?? (isTop && !isOurs ? { file: url.startsWith('file:') ? fileURLToPath(url) : url, line: lineOf(node) } : null)
    if (own !== null) found.set(node.id, own)
    // What a function calls is no start of a module: it was called by one, or it is the model's loading.
    for (const child of node.children ?? []) visit(byId.get(child)!, own, isOurs || (isFile && !isTop && own === null))
  }
  const children = new Set(nodes.flatMap((node) => node.children ?? []))
  for (const node of nodes) if (!children.has(node.id)) visit(node, null, false)
  return found
}

function lineOf({ positionTicks = [] }: ProfileNode): number | null {
  return positionTicks.reduce((most, one) => (one.ticks > most.ticks ? one : most), { line: 0, ticks: 0 }).line || null
}

/** What each import of the user's file brought with it: modules that it imports, and those that ran for it. */
export function importFacts(modules: readonly ImportFact[], entry: string, files: readonly UserFile[]): ImportFact[] {
  const claims = claimsOf(entry, files)
  const rows: { module: string; selfMs: number; totalMs: number; line: number | null }[] = []
  // A package's own imports run right before it, whoever they belong to.
  let waiting = 0
  for (const { module, selfMs, line } of modules) {
    if (module === entry) {
      rows.push({ module: path.basename(entry), selfMs, totalMs: selfMs + waiting, line: line ?? 1 })
      waiting = 0
      continue
    }
    const claim = claims.get(packageOf(module) ?? module)
    waiting += selfMs
    if (claim === undefined) continue
    const known = rows.find((row) => row.module === claim.specifier)
    if (known === undefined) rows.push({ module: claim.specifier, selfMs, totalMs: waiting, line: claim.line })
    else Object.assign(known, { selfMs: known.selfMs + selfMs, totalMs: known.totalMs + waiting })
    waiting = 0
  }
  return rows
    .filter(({ totalMs }) => totalMs >= LEAST_MS)
    .sort((a, b) => b.totalMs - a.totalMs)
    .slice(0, MOST)
}

/** The import of the entry that leads to each file or package first, keyed by file or package name. */
function claimsOf(entry: string, files: readonly UserFile[]): ReadonlyMap<string, ImportedModule> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const claims = new Map<string, ImportedModule>()
  const claim = ({ source, path: from }: UserFile, by: ImportedModule | null): void => {
    for (const one of source.imports) {
      const owner = by ?? one
      const target = targetOf(one.specifier, from, byPath)
      if (claims.has(target)) continue
      claims.set(target, owner)
      const file = byPath.get(target)
      if (file !== undefined && target !== entry) claim(file, owner)
    }
  }
  const first = byPath.get(entry)
  if (first !== undefined) claim(first, null)
  return claims
}

function targetOf(specifier: string, from: string, byPath: ReadonlyMap<string, UserFile>): string {
  if (!/^\.{0,2}\//.test(specifier)) return nameOfPackage(specifier)
  const base = path.resolve(path.dirname(from), specifier)
  const endings = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '/index.js', '/index.mjs', '/index.ts']
  const candidates = [...endings.map((ending) => base + ending), base.replace(/\.([cm]?)js$/, '.$1ts')]
  return candidates.find((file) => byPath.has(file)) ?? base
}

/** '@scope/name' of '@scope/name/part'. */
const nameOfPackage = (specifier: string): string => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier

function packageOf(file: string): string | null {
  const inside = file.split(/[\\/]node_modules[\\/]/).at(-1)!
  return inside === file ? null : nameOfPackage(inside.replaceAll('\\', '/'))
}
