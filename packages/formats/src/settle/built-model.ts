// The model that a reader returns: the graph that it wrote, and the file that it came from.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { create } from '@bufbuild/protobuf'
import type { GraphBuilder } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { StringStringEntryProtoSchema } from 'onnx-buf'
import { settle } from './settle.ts'

export interface BuiltFrom {
  readonly file: string
  /** As identify.ts calls it. */
  readonly format: string
  /** What hashes and sizes are of: the file, and those next to it that belong to it. */
  readonly parts: readonly Uint8Array[]
}

/** The model, with metadata that says where it came from. Throws InputError if the graph is none that an engine can run. */
export function builtModel(builder: GraphBuilder, { file, format, parts }: BuiltFrom): Model {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const sha256 = hash.digest('hex')
  const { proto, origins } = settle(builder.build('model'))
  const [problem] = problemsOf(proto)
  if (problem !== undefined) throw new InputError(`${file}: ${problem.message}`)
  proto.metadataProps.push(...metadata({ source_file: path.basename(file), source_format: format, source_sha256: sha256 }))
  const sizeBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return { proto, source: { file, format, sha256, sizeBytes }, origins, weights: new Map() }
}

const metadata = (entries: Readonly<Record<string, string>>) =>
  Object.entries(entries).map(([key, value]) => create(StringStringEntryProtoSchema, { key: `whyslow.${key}`, value }))
