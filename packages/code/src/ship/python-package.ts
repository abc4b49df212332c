// The package that `fix` writes for a program: the folders of its models, what stands in for them, the lines to change.
import fs from 'node:fs'
import path from 'node:path'
import { nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { folderAt, writeFile } from '@whyslow/command/model-files/folder.ts'
import { MANIFEST_FILE } from '@whyslow/command/model-files/manifest.ts'
import { placeFolder } from '@whyslow/command/model-files/place.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { COLLECTOR } from '@whyslow/measure/python/collector.ts'
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import { changeLines } from '@whyslow/report/text/fix-answer.ts'
import type { Captured, CapturedModel } from '../protocol.ts'

export interface PackagePlan {
  /** As it was typed. */
  readonly program: string
  /** Their folders are there. */
  readonly models: readonly CapturedModel[]
  readonly files: Captured['files']
}

const NOT_SHIPPED = new Set(['__pycache__', 'node_modules'])

/** Into the folder, which holds the models' own. */
export async function writePackage(root: string, { program, models, files }: PackagePlan): Promise<void> {
  const folder = folderAt(root, { ...nodeDisk, sync() {} })
  const written = `# Written by whyslow ${toolVersion}.\n`
  const names = models.map(({ name }) => name)
  const calls = Object.fromEntries(models.map(({ name, standIn }) => [name, standIn]))
  await folder.add('calls.json', 'options', `${JSON.stringify(calls, null, 2)}\n`)
  await folder.add('__init__.py', 'python', `${written}${initText(program, names)}`)
  await folder.add('stand_in.py', 'python', `${written}${fs.readFileSync(new URL('./stand_in.py', import.meta.url), 'utf8')}`)
  for (const name of ['rows_of.py', 'text_rows.py'])
    await folder.add(name, 'python', `${written}${fs.readFileSync(path.join(COLLECTOR, 'whyslow_collector', name), 'utf8')}`)
  await folder.add('requirements.txt', 'package', requirementsOf(root, names))
  await folder.add('changes.diff', 'readme', files.map(({ diff }) => diff).join(''))
}

const initText = (program: string, names: readonly string[]): string =>
  [
    `"""Replaces the models of ${path.basename(program)}: README.md has the lines to change."""`,
    'import json',
    'from pathlib import Path',
    '',
    'from .stand_in import StandIn',
    '',
    "_calls = json.loads((Path(__file__).resolve().parent / 'calls.json').read_text('utf-8'))",
    ...names.map((name) => `${name} = StandIn('${name}', _calls['${name}'])`),
    '',
    `__all__ = [${names.map((name) => `'${name}'`).join(', ')}]`,
    '',
  ].join('\n')

/** Each line of the models' own once. */
function requirementsOf(root: string, names: readonly string[]): string {
  const lines = names.flatMap((name) => fs.readFileSync(path.join(root, name, 'requirements.txt'), 'utf8').split('\n'))
  return `${[...new Set(lines.filter((line) => line.trim() !== ''))].join('\n')}\n`
}

/** The folder, proven, at its place. `patched`: the folder that `changes.diff` is applied in. */
export async function placePackage(
  root: string,
  target: string,
  { out, document, patched }: { readonly out: string; readonly document: AbDocument; readonly patched: string },
): Promise<void> {
  await placeFolder(
    target,
    async (at) => {
      fs.cpSync(root, at, { recursive: true, filter: (file) => !NOT_SHIPPED.has(path.basename(file)) })
      const folder = folderAt(at, nodeDisk)
      await folder.add('README.md', 'readme', readmeText(document, { target, patched }))
      await folder.add('report.json', 'report', `${JSON.stringify(document, null, 2)}\n`)
      const files = fs.readdirSync(at).map((name) => ({ path: name }))
      const manifest = {
        schema: 'whyslow-program/1',
        tool: { name: 'whyslow', version: toolVersion },
        program: document.a.file,
        files,
      }
      await writeFile(path.join(at, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, nodeDisk)
    },
    nodeDisk,
    out,
  )
}

interface Folders {
  readonly target: string
  readonly patched: string
}

/** The program, or the outermost package that it is in: imports begin there. Exported for its test. */
export function programRoot(program: string): string {
  let [folder, name] = [path.dirname(path.resolve(program)), '']
  while (fs.existsSync(path.join(folder, '__init__.py')) && folder !== path.dirname(folder))
    [folder, name] = [path.dirname(folder), path.basename(folder)]
  return name === '' ? `\`${path.basename(program)}\`` : `the package \`${name}\``
}

function readmeText(document: AbDocument, { target, patched }: Folders): string {
  const { answer, fix, a, b } = document
  const models = fix!.models.map(({ name, type, engine, place, runs, reason, notes }) => {
    const where = place === null ? '' : `, called at ${place.file}:${place.line}`
    const what = reason === null ? `predicts with ${runs}` : `stays unchanged: ${reason}`
    return `- \`${name}\`: ${type} of ${engine}${where}; ${what}${notes.map((note) => `; ${note}`).join('')}`
  })
  return [
    `# ${path.basename(a.file)}, faster`,
    answer,
    `Measured in ${b.runtime}; \`report.json\` has the details.`,
    '## Lines to change',
    `Keep this folder where \`import ${path.basename(fix!.shipped!)}\` finds it, such as next to ${programRoot(a.file)}, and install \`requirements.txt\`.`,
    `\`\`\`diff\n${changeLines(fix!).join('\n')}\n\`\`\``,
    `Or, in \`${patched}\`: \`patch -p1 < "${path.relative(patched, path.join(target, 'changes.diff')).replaceAll(path.sep, '/')}"\`.`,
    `## Models\n\n${models.join('\n')}`,
    `Each model's folder has its own README.md. Written by whyslow ${toolVersion}.`,
    '',
  ].join('\n\n')
}
