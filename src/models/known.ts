/**
 * The rows of the catalogue. They come from public sources and not from the hub: each number has its source, and each
 * revision is a commit that several public repositories name for that model. If none is known, the row has no revision,
 * and a project uses the branch `main`.
 *
 * Unless a row says otherwise, its size is that of the files at that revision, taken from file lists in other public
 * repositories. Weights are exact to the byte. Lists of only the weights lack the tokenizer, so the size of the family's
 * tokenizer is added: 15.9 MB for Qwen3, 17.2 MB for Llama 3, 27.2 MB for Qwen3.5 to 3.8, 32.4 MB for Gemma 4, 27.9 MB
 * for gpt-oss. The sizes agree with parameters x bits: 4.5 bits (4, and a 16-bit scale and bias for each group of 64)
 * give 1.807 GB of weights for the 3,212,749,824 parameters of Llama 3.2 3B, and the file has 1.807496278 GB.
 * `exo` is `in_bytes` in the model cards of github.com/exo-explore/exo (resources/inference_model_cards at b5375f8). It
 * is used only if it is a sum of bytes: other cards there have rounded megabytes mistaken for mebibytes.
 */

export type Task = 'text' | 'vision' | 'embeddings'

export interface KnownModel {
  /** The repository's name in `mlx-community/`, the owner of all of them. */
  name: string
  /** The task that it is chosen for. */
  task: Task
  /** Size of the files to download. */
  downloadBytes: number
  /**
   * The shape of the KV cache: layers that cache all tokens, KV heads of each, and the size of a head. It comes from
   * config.json, as given by the model's card, exo or mlx-lm's defaults, and is left out if it is unknown.
   */
  kvCache?: readonly [layers: number, heads: number, size: number]
  /** SPDX identifier, or the name that the maker gave to its licence. */
  licence: string
  /** Commit of the repository. */
  revision?: string
  /** What it is good for, in one line. */
  description: string
  /** Set for a text model that also takes images once mlx-vlm is installed. Vision models always do. */
  vision?: true
  /** Set for a mixture of experts, which reads a small part of its weights for each token. */
  mixtureOfExperts?: true
  /** Set for a model with one purpose, which is never the default. */
  specialPurpose?: true
}

const apache = 'Apache-2.0'
/** Google's name in the model cards. The text is Apache-2.0, unlike the terms of Gemma 3 and older. */
const gemma4 = 'Gemma 4 (Apache-2.0)'

/** The models by task, the smallest first. */
export const knownModels: readonly KnownModel[] = [
  {
    name: 'Qwen3-0.6B-4bit',
    task: 'text',
    downloadBytes: 351_383_618,
    kvCache: [28, 8, 128],
    licence: apache,
    revision: '73e3e38d981303bc594367cd910ea6eb48349da8',
    description: 'small and fast',
  },
  {
    name: 'LFM2.5-1.2B-Instruct-4bit',
    task: 'text',
    // Also `downloadBytes` in github.com/raullenchai/Rapid-MLX, apps/rapid-mac, QuickstartView.swift.
    downloadBytes: 663_397_140,
    kvCache: [6, 8, 64],
    licence: 'LFM Open License 1.0',
    revision: 'dee2f8a2786e6648bb644a7ca40652842490034b',
    description: 'fast, small enough for any Mac',
  },
  {
    name: 'Llama-3.2-1B-Instruct-4bit',
    task: 'text',
    downloadBytes: 695_242_752 + 17_200_000,
    kvCache: [16, 8, 64],
    licence: 'Llama 3.2 Community',
    revision: '08231374eeacb049a0eade7922910865b8fce912',
    description: 'short texts in European languages',
  },
  {
    name: 'Qwen3-1.7B-4bit',
    task: 'text',
    downloadBytes: 968_080_210 + 15_900_000,
    kvCache: [28, 8, 128],
    licence: apache,
    revision: '3b1b1768f8f8cf8351c712464f906e86c2b8269e',
    description: 'good answers on a machine with 8 GB',
  },
  {
    name: 'Qwen3.5-2B-4bit',
    task: 'text',
    downloadBytes: 1_742_261_128,
    kvCache: [6, 2, 256],
    licence: apache,
    revision: '674aaa7240b91e8012fcad5d791b7dfe5ba90207',
    description: 'many languages, long texts',
    vision: true,
  },
  {
    name: 'Llama-3.2-3B-Instruct-4bit',
    task: 'text',
    downloadBytes: 1_807_496_278 + 17_200_000,
    kvCache: [28, 8, 128],
    licence: 'Llama 3.2 Community',
    revision: '7f0dc925e0d0afb0322d96f9255cfddf2ba5636e',
    description: 'summaries and rewriting',
  },
  {
    name: 'Qwen3-4B-Instruct-2507-4bit',
    task: 'text',
    downloadBytes: 2_277_297_844,
    kvCache: [36, 8, 128],
    licence: apache,
    revision: '50d427756c6b1b2fe0c0a10f67fbda1fc8e82c1b',
    description: 'follows instructions, without reasoning first',
  },
  {
    name: 'Qwen3.5-4B-4bit',
    task: 'text',
    downloadBytes: 3_061_131_520,
    kvCache: [8, 4, 256],
    licence: apache,
    revision: '0e7ffd5c629ef7719d4cbc04069232580bfa9d9c',
    description: 'reasoning and tool calls',
    vision: true,
  },
  {
    name: 'Qwen3-8B-4bit',
    task: 'text',
    // Weights: 8,190,735,360 parameters x 4.5 bits; lists say 4.61 GB.
    downloadBytes: 4_607_288_640 + 15_900_000,
    kvCache: [36, 8, 128],
    licence: apache,
    revision: '545dc4251c05440727734bcd94334791f6ab0192',
    description: 'reasoning and tool calls',
  },
  {
    name: 'Qwen3.5-9B-4bit',
    task: 'text',
    // exo.
    downloadBytes: 5_950_062_560 + 27_200_000,
    kvCache: [8, 4, 256],
    licence: apache,
    revision: '8b2b98c00a6b4d291155e4890773ca8f769aee53',
    description: 'reasoning and tool calls',
    vision: true,
  },
  {
    name: 'gpt-oss-20b-MXFP4-Q8',
    task: 'text',
    downloadBytes: 12_076_119_168 + 27_900_000,
    kvCache: [24, 8, 64],
    licence: apache,
    // Also in github.com/raullenchai/Rapid-MLX (harness/baselines) and github.com/ml-explore/mlx-swift-lm (IntegrationTesting).
    revision: '773a7da77e569019bb0fd17a554b263738d669a3',
    description: "OpenAI's open model; reasoning and tool calls, fast for its size",
    mixtureOfExperts: true,
  },
  {
    name: 'Qwen3.8-27B-4bit',
    task: 'text',
    downloadBytes: 16_054_541_349 + 27_200_000,
    kvCache: [16, 4, 256],
    licence: apache,
    revision: '10c35caafbb80f7dc6a7a432cdd11af10a6d4818',
    description: 'coding and long tasks; a dense model, slower than others of its size',
    vision: true,
  },
  {
    name: 'GLM-4.7-Flash-4bit',
    task: 'text',
    downloadBytes: 16_872_850_407,
    // A latent of 512 and a key of 64 for each layer: as much as one head of 288.
    kvCache: [47, 1, 288],
    licence: 'MIT',
    revision: '1454cffb1a21737e162f508e5bc70be9def89276',
    description: 'agents and tool calls; fast for its size',
    mixtureOfExperts: true,
  },
  {
    name: 'Qwen3-30B-A3B-Instruct-2507-4bit',
    task: 'text',
    downloadBytes: 17_197_087_380,
    kvCache: [48, 4, 128],
    licence: apache,
    revision: 'e9675aa3ca5f900ccef55267914466d55ab325fa',
    description: 'answers without reasoning first; fast for its size',
    mixtureOfExperts: true,
  },
  {
    name: 'Qwen3-Coder-30B-A3B-Instruct-4bit',
    task: 'text',
    downloadBytes: 17_197_118_924,
    kvCache: [48, 4, 128],
    licence: apache,
    revision: '6e302ea604ad9ab206367e2c501d1571023e7b6d',
    description: 'for coding and coding agents; fast for its size',
    mixtureOfExperts: true,
    specialPurpose: true,
  },
  {
    name: 'Qwen3.6-35B-A3B-4bit',
    task: 'text',
    downloadBytes: 20_429_169_263,
    kvCache: [10, 2, 256],
    licence: apache,
    revision: '38740b847e4cb78f352aba30aa41c76e08e6eb46',
    description: 'coding and long tasks, fast for its size',
    vision: true,
    mixtureOfExperts: true,
  },
  {
    name: 'Llama-3.3-70B-Instruct-4bit',
    task: 'text',
    downloadBytes: 39_688_355_840 + 17_200_000,
    kvCache: [80, 8, 128],
    licence: 'Llama 3.3 Community',
    revision: 'de2dfaf56839b7d0e834157d2401dee02726874d',
    description: 'European languages; a dense model, so it is slow',
  },
  {
    name: 'Qwen3-Coder-Next-4bit',
    task: 'text',
    downloadBytes: 44_844_060_160 + 15_900_000,
    kvCache: [12, 2, 256],
    licence: apache,
    revision: '7b9321eabb85ce79625cac3f61ea691e4ea984b5',
    description: 'for coding and coding agents; fast for its size',
    mixtureOfExperts: true,
    specialPurpose: true,
  },
  {
    name: 'Qwen3-Next-80B-A3B-Instruct-4bit',
    task: 'text',
    // As Qwen3-Coder-Next, whose architecture it has; its own listings say 44.8 GB. No revision is known.
    downloadBytes: 44_844_060_160 + 15_900_000,
    kvCache: [12, 2, 256],
    licence: apache,
    description: 'answers without reasoning first, long texts; fast for its size',
    mixtureOfExperts: true,
  },
  {
    name: 'gpt-oss-120b-MXFP4-Q8',
    task: 'text',
    // Computed by the config in mlx-lm (gpt_oss.py): 114,661,785,600 parameters of experts x 4.25 bits and their biases, the
    // rest x 8.5 bits. The same sum gives 12.07 GB for gpt-oss-20b, whose files have 12.08. No revision is known.
    downloadBytes: 63_300_000_000,
    kvCache: [36, 8, 64],
    licence: apache,
    description: "OpenAI's open model; reasoning and tool calls, for 128 GB and more",
    mixtureOfExperts: true,
  },
  {
    name: 'Qwen3.5-122B-A10B-4bit',
    task: 'text',
    // exo. No revision is known.
    downloadBytes: 69_593_314_272 + 27_200_000,
    kvCache: [12, 2, 256],
    licence: apache,
    description: 'reasoning and tool calls; for 192 GB and more',
    vision: true,
    mixtureOfExperts: true,
  },
  {
    name: 'Qwen3-VL-4B-Instruct-4bit',
    task: 'vision',
    // Lists of the safetensors say 3.09 GB, rounded.
    downloadBytes: 3_090_000_000 + 15_900_000,
    kvCache: [36, 8, 128],
    licence: apache,
    // Also in github.com/ml-explore/mlx-swift-lm (IntegrationTesting).
    revision: '2fd8dacbdb8f1e54b8c005f081ec5bf79c56376b',
    description: 'photos, documents and screenshots',
  },
  {
    name: 'gemma-4-e2b-it-4bit',
    task: 'vision',
    downloadBytes: 3_550_670_554 + 32_400_000,
    licence: gemma4,
    // Also in github.com/raullenchai/Rapid-MLX (tests/test_gemma4_grammar_558.py).
    revision: '238767527555cb75a05732a84dff5d6ba0dd6809',
    description: 'many languages, small machines',
  },
  {
    name: 'gemma-4-e4b-it-4bit',
    task: 'vision',
    downloadBytes: 5_179_239_349,
    licence: gemma4,
    revision: '475b9088d29754a3379866cf5aeb6b41acd313c2',
    description: 'many languages, good answers for its size',
  },
  {
    name: 'Qwen3-VL-8B-Instruct-4bit',
    task: 'vision',
    downloadBytes: 5_777_000_000,
    kvCache: [36, 8, 128],
    licence: apache,
    revision: 'defcdea7cc7a4b0858fea563cbbce171d328e457',
    description: 'photos, documents and screenshots',
  },
  {
    name: 'gemma-4-26b-a4b-it-4bit',
    task: 'vision',
    // A list of caches says 15.4 GB at this revision; exo had 15.6 for an earlier one.
    downloadBytes: 15_400_000_000,
    licence: gemma4,
    // Also in github.com/jrp2014/check_models (src/output).
    revision: '0d77464eeb233a2da68ebf9d7dc4edaac7db956d',
    description: 'many languages; fast for its size',
    mixtureOfExperts: true,
  },
  {
    name: 'gemma-4-31b-it-4bit',
    task: 'vision',
    // exo.
    downloadBytes: 18_411_755_224 + 32_400_000,
    licence: gemma4,
    // Also in github.com/jrp2014/check_models (src/output).
    revision: '696d436c404745a59f30e4939a658162b0a9e57f',
    description: 'many languages, careful answers',
  },
  {
    name: 'embeddinggemma-300m-4bit',
    task: 'embeddings',
    downloadBytes: 212_000_000,
    licence: 'Gemma',
    revision: '5d9ef074df3957afc5c77127f208fddbc3c54187',
    description: '768 dimensions',
  },
  {
    name: 'Qwen3-Embedding-0.6B-4bit-DWQ',
    task: 'embeddings',
    downloadBytes: 351_000_000,
    kvCache: [28, 8, 128],
    licence: apache,
    revision: '6c3ae70858513f1a78e9cdca3cae330d9075cd2a',
    description: '1,024 dimensions, many languages',
  },
  {
    name: 'Qwen3-Embedding-4B-4bit-DWQ',
    task: 'embeddings',
    downloadBytes: 2_280_000_000,
    kvCache: [36, 8, 128],
    licence: apache,
    revision: 'b5d88f1fe49b50d2ac01b4692ca2d387f14f9c72',
    description: '2,560 dimensions, closer matches',
  },
]
