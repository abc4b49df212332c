// The lines of a program that `fix` changes, as they are typed: what goes, what comes, and where.
import type { AbFix } from '../documents/ab.ts'

/** 'service.py:12', then the line as it is and as it becomes. Pure. */
export function changeLines({ files }: AbFix): string[] {
  return files.flatMap(({ file, changes }) =>
    changes.flatMap(({ line, before, after }) => [
      `@@ ${file}:${line}`,
      ...(before === null ? [] : [`-${before}`]),
      ...(after === null ? [] : [`+${after}`]),
    ]),
  )
}
