// What a model's own files say of its licence: files of that name, the head of a model card, the metadata of a GGUF file.
import fs from 'node:fs'
import path from 'node:path'
import { openGguf } from '../recognize/gguf-file.ts'

const NAMES = /^(licen[cs]e|notice|copying)(\.(md|txt))?$/i
const LONGEST_LINE = 200

/** One line each; empty: they say nothing. */
export function licenceOf(source: string): readonly string[] {
  const isFolder = fs.statSync(source).isDirectory()
  const folder = isFolder ? source : path.dirname(source)
  const named = fs
    .readdirSync(folder)
    .filter((name) => NAMES.test(name))
    .map((name) => `\`${name}\` next to the model: ${firstLine(path.join(folder, name))}`)
  return [...(isFolder ? [] : ofGguf(source)), ...ofCard(path.join(folder, 'README.md')), ...named]
}

function firstLine(file: string): string {
  const line =
    fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .find((one) => one.trim() !== '') ?? ''
  return line.trim().slice(0, LONGEST_LINE)
}

/** `license: apache-2.0` between the dashed lines at the head of a model card. */
function ofCard(file: string): readonly string[] {
  if (!fs.existsSync(file)) return []
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(fs.readFileSync(file, 'utf8'))?.[1]
  const said = head === undefined ? undefined : /^license(?:_name)?:\s*(.+)$/m.exec(head)?.[1]
  return said === undefined ? [] : [`The model card says: ${said.trim().slice(0, LONGEST_LINE)}`]
}

function ofGguf(file: string): readonly string[] {
  if (!/\.gguf$/i.test(file)) return []
  const said = openGguf(file).metadata.get('general.license')
  return typeof said === 'string' ? [`The file says: ${said.slice(0, LONGEST_LINE)}`] : []
}
