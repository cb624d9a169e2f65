/**
 * The rows of the catalogue. Nothing here was asked of the hub: each number has its public source, each revision is a
 * commit that several public repositories name for that model. Where none is known there is no revision, and a project
 * takes the branch `main`.
 *
 * Sizes, where a row does not say otherwise, are those of the files at that very revision, as lists of files with
 * their sizes in other public repositories give them (weights to the byte; where only those are listed, the tokenizer
 * of the family is added: 15.9 MB for Qwen3, 17.2 MB for Llama 3, 27.2 MB for Qwen3.5 to 3.8, 32.4 MB for Gemma 4,
 * 27.9 MB for gpt-oss). They agree with parameters x bits: 4.5 bits (4, and a 16-bit scale and bias for each group of
 * 64) give 1.807 GB of weights for the 3,212,749,824 parameters of Llama 3.2 3B, and the file has 1.807496278 GB.
 * `exo` is `in_bytes` in the model cards of github.com/exo-explore/exo (resources/inference_model_cards at b5375f8),
 * used only where it is a sum of bytes: others of its cards are rounded megabytes taken for mebibytes.
 */

export type Task = 'text' | 'vision' | 'embeddings'

export interface KnownModel {
  /** Without `mlx-community/`, whose repositories they all are. */
  name: string
  /** What it is chosen for. */
  task: Task
  /** Size of the files that are downloaded. */
  bytes: number
  /**
   * Layers that keep a cache for all tokens, KV heads of each, size of a head: from config.json, by the model's card, exo's or
   * the defaults in mlx-lm. Unknown: left out.
   */
  cache?: readonly [layers: number, heads: number, size: number]
  /** SPDX name, or the name that the maker gave to its licence. */
  licence: string
  /** Commit of the repository. */
  revision?: string
  /** One line of use. */
  use: string
  /** A text model that sees images too, once mlx-vlm is there; models for vision do anyway. */
  sees?: true
  /** A mixture of experts: reads a small part of its weights for each token. */
  experts?: true
  /** Made for one purpose, so never what is proposed to everybody. */
  special?: true
}

const apache = 'Apache-2.0'
/** Google's name for it in the model cards; its text is Apache-2.0, unlike the terms of Gemma 3 and older. */
const gemma4 = 'Gemma 4 (Apache-2.0)'

/** Smallest first within a task. */
export const knownModels: readonly KnownModel[] = [
  {
    name: 'Qwen3-0.6B-4bit',
    task: 'text',
    bytes: 351_383_618,
    cache: [28, 8, 128],
    licence: apache,
    revision: '73e3e38d981303bc594367cd910ea6eb48349da8',
    use: 'small and quick',
  },
  {
    name: 'LFM2.5-1.2B-Instruct-4bit',
    task: 'text',
    // Also `downloadBytes` in github.com/raullenchai/Rapid-MLX, apps/rapid-mac, QuickstartView.swift.
    bytes: 663_397_140,
    cache: [6, 8, 64],
    licence: 'LFM Open License 1.0',
    revision: 'dee2f8a2786e6648bb644a7ca40652842490034b',
    use: 'answers at once, small enough for any Mac',
  },
  {
    name: 'Llama-3.2-1B-Instruct-4bit',
    task: 'text',
    bytes: 695_242_752 + 17_200_000,
    cache: [16, 8, 64],
    licence: 'Llama 3.2 Community',
    revision: '08231374eeacb049a0eade7922910865b8fce912',
    use: 'short texts in European languages',
  },
  {
    name: 'Qwen3-1.7B-4bit',
    task: 'text',
    bytes: 968_080_210 + 15_900_000,
    cache: [28, 8, 128],
    licence: apache,
    revision: '3b1b1768f8f8cf8351c712464f906e86c2b8269e',
    use: 'good answers on a machine with 8 GB',
  },
  {
    name: 'Qwen3.5-2B-4bit',
    task: 'text',
    bytes: 1_742_261_128,
    cache: [6, 2, 256],
    licence: apache,
    revision: '674aaa7240b91e8012fcad5d791b7dfe5ba90207',
    use: 'many languages, long texts',
    sees: true,
  },
  {
    name: 'Llama-3.2-3B-Instruct-4bit',
    task: 'text',
    bytes: 1_807_496_278 + 17_200_000,
    cache: [28, 8, 128],
    licence: 'Llama 3.2 Community',
    revision: '7f0dc925e0d0afb0322d96f9255cfddf2ba5636e',
    use: 'summaries and rewriting',
  },
  {
    name: 'Qwen3-4B-Instruct-2507-4bit',
    task: 'text',
    bytes: 2_277_297_844,
    cache: [36, 8, 128],
    licence: apache,
    revision: '50d427756c6b1b2fe0c0a10f67fbda1fc8e82c1b',
    use: 'follows instructions, answers without thinking first',
  },
  {
    name: 'Qwen3.5-4B-4bit',
    task: 'text',
    bytes: 3_061_131_520,
    cache: [8, 4, 256],
    licence: apache,
    revision: '0e7ffd5c629ef7719d4cbc04069232580bfa9d9c',
    use: 'thinks before it answers, calls tools',
    sees: true,
  },
  {
    name: 'Qwen3-8B-4bit',
    task: 'text',
    // Weights: 8,190,735,360 parameters x 4.5 bits; lists say 4.61 GB.
    bytes: 4_607_288_640 + 15_900_000,
    cache: [36, 8, 128],
    licence: apache,
    revision: '545dc4251c05440727734bcd94334791f6ab0192',
    use: 'thinks before it answers, calls tools',
  },
  {
    name: 'Qwen3.5-9B-4bit',
    task: 'text',
    // exo.
    bytes: 5_950_062_560 + 27_200_000,
    cache: [8, 4, 256],
    licence: apache,
    revision: '8b2b98c00a6b4d291155e4890773ca8f769aee53',
    use: 'thinks before it answers, calls tools',
    sees: true,
  },
  {
    name: 'gpt-oss-20b-MXFP4-Q8',
    task: 'text',
    bytes: 12_076_119_168 + 27_900_000,
    cache: [24, 8, 64],
    licence: apache,
    // Also in github.com/raullenchai/Rapid-MLX (harness/baselines) and github.com/ml-explore/mlx-swift-lm (IntegrationTesting).
    revision: '773a7da77e569019bb0fd17a554b263738d669a3',
    use: 'reasoning and tools, made by OpenAI; quick for its size',
    experts: true,
  },
  {
    name: 'Qwen3.8-27B-4bit',
    task: 'text',
    bytes: 16_054_541_349 + 27_200_000,
    cache: [16, 4, 256],
    licence: apache,
    revision: '10c35caafbb80f7dc6a7a432cdd11af10a6d4818',
    use: 'code and long tasks; reads all its weights for each token',
    sees: true,
  },
  {
    name: 'GLM-4.7-Flash-4bit',
    task: 'text',
    bytes: 16_872_850_407,
    // A latent of 512 and a key of 64 for each layer: as much as one head of 288.
    cache: [47, 1, 288],
    licence: 'MIT',
    revision: '1454cffb1a21737e162f508e5bc70be9def89276',
    use: 'agents and tools; quick for its size',
    experts: true,
  },
  {
    name: 'Qwen3-30B-A3B-Instruct-2507-4bit',
    task: 'text',
    bytes: 17_197_087_380,
    cache: [48, 4, 128],
    licence: apache,
    revision: 'e9675aa3ca5f900ccef55267914466d55ab325fa',
    use: 'answers without thinking first; quick for its size',
    experts: true,
  },
  {
    name: 'Qwen3-Coder-30B-A3B-Instruct-4bit',
    task: 'text',
    bytes: 17_197_118_924,
    cache: [48, 4, 128],
    licence: apache,
    revision: '6e302ea604ad9ab206367e2c501d1571023e7b6d',
    use: 'made for code and coding agents; quick for its size',
    experts: true,
    special: true,
  },
  {
    name: 'Qwen3.6-35B-A3B-4bit',
    task: 'text',
    bytes: 20_429_169_263,
    cache: [10, 2, 256],
    licence: apache,
    revision: '38740b847e4cb78f352aba30aa41c76e08e6eb46',
    use: 'code and long tasks, quick for its size',
    sees: true,
    experts: true,
  },
  {
    name: 'Llama-3.3-70B-Instruct-4bit',
    task: 'text',
    bytes: 39_688_355_840 + 17_200_000,
    cache: [80, 8, 128],
    licence: 'Llama 3.3 Community',
    revision: 'de2dfaf56839b7d0e834157d2401dee02726874d',
    use: 'European languages; reads all its weights for each token, so it is slow',
  },
  {
    name: 'Qwen3-Coder-Next-4bit',
    task: 'text',
    bytes: 44_844_060_160 + 15_900_000,
    cache: [12, 2, 256],
    licence: apache,
    revision: '7b9321eabb85ce79625cac3f61ea691e4ea984b5',
    use: 'made for code and coding agents; quick for its size',
    experts: true,
    special: true,
  },
  {
    name: 'Qwen3-Next-80B-A3B-Instruct-4bit',
    task: 'text',
    // As Qwen3-Coder-Next, whose architecture it has; its own listings say 44.8 GB. No revision is known.
    bytes: 44_844_060_160 + 15_900_000,
    cache: [12, 2, 256],
    licence: apache,
    use: 'answers without thinking first, long texts; quick for its size',
    experts: true,
  },
  {
    name: 'gpt-oss-120b-MXFP4-Q8',
    task: 'text',
    // Computed by the config in mlx-lm (gpt_oss.py): 114,661,785,600 parameters of experts x 4.25 bits and their biases, the
    // rest x 8.5 bits. The same sum gives 12.07 GB for gpt-oss-20b, whose files have 12.08. No revision is known.
    bytes: 63_300_000_000,
    cache: [36, 8, 64],
    licence: apache,
    use: 'reasoning and tools, made by OpenAI; for 128 GB and more',
    experts: true,
  },
  {
    name: 'Qwen3.5-122B-A10B-4bit',
    task: 'text',
    // exo. No revision is known.
    bytes: 69_593_314_272 + 27_200_000,
    cache: [12, 2, 256],
    licence: apache,
    use: 'thinks before it answers, calls tools; for 192 GB and more',
    sees: true,
    experts: true,
  },
  {
    name: 'Qwen3-VL-4B-Instruct-4bit',
    task: 'vision',
    // Lists of the safetensors say 3.09 GB, rounded.
    bytes: 3_090_000_000 + 15_900_000,
    cache: [36, 8, 128],
    licence: apache,
    // Also in github.com/ml-explore/mlx-swift-lm (IntegrationTesting).
    revision: '2fd8dacbdb8f1e54b8c005f081ec5bf79c56376b',
    use: 'reads pictures, documents and screens',
  },
  {
    name: 'gemma-4-e2b-it-4bit',
    task: 'vision',
    bytes: 3_550_670_554 + 32_400_000,
    licence: gemma4,
    // Also in github.com/raullenchai/Rapid-MLX (tests/test_gemma4_grammar_558.py).
    revision: '238767527555cb75a05732a84dff5d6ba0dd6809',
    use: 'many languages, small machines',
  },
  {
    name: 'gemma-4-e4b-it-4bit',
    task: 'vision',
    bytes: 5_179_239_349,
    licence: gemma4,
    revision: '475b9088d29754a3379866cf5aeb6b41acd313c2',
    use: 'many languages, good answers for its size',
  },
  {
    name: 'Qwen3-VL-8B-Instruct-4bit',
    task: 'vision',
    bytes: 5_777_000_000,
    cache: [36, 8, 128],
    licence: apache,
    revision: 'defcdea7cc7a4b0858fea563cbbce171d328e457',
    use: 'reads pictures, documents and screens well',
  },
  {
    name: 'gemma-4-26b-a4b-it-4bit',
    task: 'vision',
    // A list of caches says 15.4 GB at this revision; exo had 15.6 for an earlier one.
    bytes: 15_400_000_000,
    licence: gemma4,
    // Also in github.com/jrp2014/check_models (src/output).
    revision: '0d77464eeb233a2da68ebf9d7dc4edaac7db956d',
    use: 'many languages; quick for its size',
    experts: true,
  },
  {
    name: 'gemma-4-31b-it-4bit',
    task: 'vision',
    // exo.
    bytes: 18_411_755_224 + 32_400_000,
    licence: gemma4,
    // Also in github.com/jrp2014/check_models (src/output).
    revision: '696d436c404745a59f30e4939a658162b0a9e57f',
    use: 'many languages, careful answers',
  },
  {
    name: 'embeddinggemma-300m-4bit',
    task: 'embeddings',
    bytes: 212_000_000,
    licence: 'Gemma',
    revision: '5d9ef074df3957afc5c77127f208fddbc3c54187',
    use: 'vectors of 768 numbers',
  },
  {
    name: 'Qwen3-Embedding-0.6B-4bit-DWQ',
    task: 'embeddings',
    bytes: 351_000_000,
    cache: [28, 8, 128],
    licence: apache,
    revision: '6c3ae70858513f1a78e9cdca3cae330d9075cd2a',
    use: 'vectors of 1,024 numbers, many languages',
  },
  {
    name: 'Qwen3-Embedding-4B-4bit-DWQ',
    task: 'embeddings',
    bytes: 2_280_000_000,
    cache: [36, 8, 128],
    licence: apache,
    revision: 'b5d88f1fe49b50d2ac01b4692ca2d387f14f9c72',
    use: 'vectors of 2,560 numbers, closer matches',
  },
]
