// A graph as its reader wrote it, made as lean as one that was exported by hand: see each step's file.

import { valueInfo } from '@whyslow/graph/build.ts'
import type { BuiltGraph } from '@whyslow/graph/builder/graph-builder.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withoutDead } from '@whyslow/graph/edit.ts'
import type { NodeProto } from 'onnx-buf'
import { foldAffine } from './affine-folding.ts'
import { withoutIdentities } from './identities.ts'
import { mergePads } from './pad-merging.ts'
import { holdTransposes } from './transposes.ts'
import { workbench } from './workbench.ts'

/** The same graph without what undoes itself; outputs are the same to the last bits of float32. `built` is not used any more. */
export function settle(built: BuiltGraph): Pick<BuiltGraph, 'proto' | 'origins'> {
  const bench = workbench(built)
  let nodes: readonly NodeProto[] = withoutIdentities(bench, holdTransposes(bench))
  nodes = mergePads(bench, foldAffine(bench, nodes))
  const { graph } = built.proto
  const made = nodes.flatMap(({ output }) => output).filter((name) => name !== '' && !bench.outputs.has(name))
  const types = made.flatMap((name) => {
    const type = bench.typeOf(name)
    return type === undefined ? [] : [valueInfo(name, type.dtype, type.shape)]
  })
  const settled = copyWith(graph!, { node: [...nodes], initializer: [...graph!.initializer, ...bench.added], valueInfo: types })
  return { proto: copyWith(built.proto, { graph: withoutDead(settled) }), origins: bench.origins }
}
