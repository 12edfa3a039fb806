import { AjvJsonSchemaValidator } from "@modelcontextprotocol/sdk/validation/ajv";
import type { JsonSchemaType, JsonSchemaValidator, jsonSchemaValidator } from "@modelcontextprotocol/sdk/validation";

/**
 * The SDK's schema checks, compiled when a schema is first used. Left to itself the SDK compiles the output schema of every
 * tool when a client lists them, and makes a compiler per server and client: measured, the larger part of the time to the
 * first answer of our tools.
 */
export function createLazyValidator(): jsonSchemaValidator {
  let compiler: AjvJsonSchemaValidator | undefined;
  return {
    getValidator: <Value>(schema: JsonSchemaType): JsonSchemaValidator<Value> => {
      let validate: JsonSchemaValidator<Value> | undefined;
      return (input) => {
        compiler ??= new AjvJsonSchemaValidator();
        validate ??= compiler.getValidator<Value>(schema);
        return validate(input);
      };
    },
  };
}

/** For a server in this process: it has checked its answer already, so a second check would only cost time. */
export const trustingValidator: jsonSchemaValidator = {
  getValidator:
    <Value>(): JsonSchemaValidator<Value> =>
    // The server's own check is what makes the value of this type.
    (input) => ({ valid: true, data: input as Value, errorMessage: undefined }),
};
