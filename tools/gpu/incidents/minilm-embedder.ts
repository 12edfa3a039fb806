import { ServiceError, errorMessage } from "../../../lib/errors.ts";
import { type Embedder, normalize } from "./embedder.ts";

/** The part of the optional package that is used. Its own types are absent where it is not installed. */
interface TransformersModule {
  env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: "feature-extraction", model: string): Promise<FeatureExtractor>;
}

type FeatureExtractor = (
  texts: string[],
  options: { pooling: "mean"; normalize: boolean },
) => Promise<{ tolist(): number[][] }>;

const PACKAGE = "@huggingface/transformers";

/**
 * all-MiniLM-L6-v2 (384 dimensions) from a folder on disk, through an optional package. Nothing is downloaded.
 * Rejects with ServiceError `unavailable` that says what to install or where files are missing.
 */
export function createMinilmEmbedder({ folder, model }: { folder: string; model: string }): Embedder {
  let loading: Promise<FeatureExtractor> | undefined;

  const load = async (): Promise<FeatureExtractor> => {
    let transformers: TransformersModule;
    try {
      // The shape above is the package's documented one.
      transformers = (await import(PACKAGE)) as TransformersModule;
    } catch (error) {
      throw new ServiceError("unavailable", `EMBEDDINGS_PROVIDER=minilm needs the package: npm install ${PACKAGE}`, {
        cause: error,
      });
    }
    transformers.env.allowRemoteModels = false;
    transformers.env.localModelPath = folder;
    try {
      return await transformers.pipeline("feature-extraction", model);
    } catch (error) {
      throw new ServiceError("unavailable", `model files of ${model} under ${folder}: ${errorMessage(error)}`, {
        cause: error,
      });
    }
  };

  return {
    id: `minilm:${model}`,
    async embed(texts, signal) {
      loading ??= load();
      loading.catch(() => {
        loading = undefined;
      });
      const extract = await loading;
      signal?.throwIfAborted();
      const output = await extract([...texts], { pooling: "mean", normalize: true });
      return output.tolist().map(normalize);
    },
    async close() {},
  };
}
