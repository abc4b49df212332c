// Named with --import in front of a TypeScript program of the user's: its types are stripped as it is loaded, as in the passes of pipeline.
import { putIn } from './hooks-install.ts'

await putIn('none', 'program.ts')
