import type { LlmColumn } from "../design/design.ts";
import type { JsonValue } from "../table.ts";
import type { MediaPart } from "./column.ts";

type Context = NonNullable<LlmColumn["multi_modal_context"]>[number];

/** Most parts of one message; a cell may hold a list. */
const MAX_PARTS = 32;

/**
 * The media that go with a prompt: a cell holds a URL, base64, or a list of these. Images have the form of the OpenAI API,
 * as has base64 sound; sound and video by URL have the form that vLLM and NIM take. Missing cells give nothing.
 */
export function mediaParts(
  contexts: LlmColumn["multi_modal_context"],
  record: Readonly<Record<string, JsonValue>>,
): readonly MediaPart[] {
  return (contexts ?? [])
    .flatMap((context) => textsOf(record[context.column_name] ?? null).map((text) => toPart(context, text)))
    .slice(0, MAX_PARTS);
}

function textsOf(cell: JsonValue): string[] {
  if (Array.isArray(cell)) return cell.flatMap((item: JsonValue) => textsOf(item));
  if (typeof cell !== "string" || cell.trim() === "") return [];
  const text = cell.trim();
  if (!text.startsWith("[")) return [text];
  try {
    // JSON text parses to JSON values only.
    return textsOf(JSON.parse(text) as JsonValue);
  } catch {
    return [text];
  }
}

function toPart(context: Context, text: string): MediaPart {
  const isUrl = context.data_type === "url" || (context.data_type === null && /^(?:https?:|data:)/i.test(text));
  switch (context.modality) {
    case "image": {
      const url = isUrl ? text : `data:image/${imageType(context.image_format, text)};base64,${text}`;
      return { type: "image_url", image_url: { url } };
    }
    case "audio":
      return isUrl
        ? { type: "audio_url", audio_url: { url: text } }
        : { type: "input_audio", input_audio: { data: text, format: context.audio_format ?? "wav" } };
    case "video": {
      const url = isUrl ? text : `data:video/${context.video_format ?? "mp4"};base64,${text}`;
      return { type: "video_url", video_url: { url } };
    }
  }
}

/** The first bytes of each format, as they look in base64. */
const SIGNATURES = { iVBORw: "png", "/9j/": "jpeg", R0lGOD: "gif", UklGR: "webp" } as const;

function imageType(format: string | null, base64: string): string {
  if (format !== null) return format === "jpg" ? "jpeg" : format;
  return Object.entries(SIGNATURES).find(([start]) => base64.startsWith(start))?.[1] ?? "png";
}
