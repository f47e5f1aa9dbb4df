import { asFields, asJson, fields, form, json, refused, values, wrong, writeAsJson } from "./draft.ts";
import type { Field } from "./schema.ts";

const about = (name: string) => wrong.value?.field === name || wrong.value?.field?.startsWith(`${name}.`) || false;

/** The input: a field each, or JSON. */
export function InputFields() {
  // What was wrong in a field cannot be taken over into the JSON, and the other way round.
  const isStuck = asJson.value ? !asFields.value : about("input") && refused.value === undefined;
  return (
    <fieldset>
      <legend>
        Input
        {form.value && (
          <label class="check" title={isStuck ? "What is filled in cannot be said in the other way" : undefined}>
            <input type="checkbox" checked={asJson.value} disabled={isStuck} onChange={(event) => writeAsJson(event.currentTarget.checked)} /> as JSON
          </label>
        )}
      </legend>
      {fields.value ? (
        fields.value.map((field) => <One key={field.name} field={field} value={values.value[field.name] ?? ""} isWrong={about(`input.${field.name}`)} />)
      ) : (
        <textarea
          rows={5}
          value={json.value}
          onInput={(event) => {
            json.value = event.currentTarget.value;
            refused.value = undefined;
          }}
          placeholder='{"name": "value"}'
          aria-label="Input, as JSON"
          aria-invalid={about("input") || undefined}
          aria-describedby="start-said"
          spellcheck={false}
        />
      )}
    </fieldset>
  );
}

function One({ field, value, isWrong }: { field: Field; value: string; isWrong: boolean }) {
  const { name, kind, isRequired, hint, choices, isWhole, first } = field;
  const id = `input-${name}`;
  const change = (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) => {
    values.value = { ...values.value, [name]: event.currentTarget.value };
    refused.value = undefined;
  };
  const describedBy = [hint && `${id}-hint`, isWrong && "start-said"].filter(Boolean).join(" ");
  const shared = { id, value, "aria-invalid": isWrong || undefined, "aria-describedby": describedBy || undefined, required: isRequired };
  return (
    <div class="field">
      <label for={id}>
        <span>
          {name}
          {isRequired && <span class="faint"> needed</span>}
        </span>
      </label>
      {kind === "choice" ? (
        <select {...shared} onChange={change}>
          <option value="">{isRequired ? "choose" : "not said"}</option>
          {choices.map(({ json: each, text }) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      ) : (
        <input {...shared} onInput={change} inputMode={kind === "number" ? (isWhole ? "numeric" : "decimal") : "text"} placeholder={first} autocomplete="off" />
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
