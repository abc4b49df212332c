// Engines of generators, listed by hand.
import type { GeneratorEngine } from '../generator.ts'
import { address } from './address.ts'
import { llamaCpp } from './llama-cpp.ts'
import { pythonGenai } from './python-genai.ts'
import { pythonTransformers } from './python-transformers.ts'
import { transformersJs } from './transformers-js.ts'

export const generatorEngines: readonly GeneratorEngine[] = [transformersJs, llamaCpp, pythonGenai, pythonTransformers, address]
