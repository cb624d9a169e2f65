"""The white space of enforced JSON."""


def spaced(schema: object, **options: object) -> object:
    """Returns a schema for llguidance with the white space of json.dumps, which models know best.

    `options` are more options of llguidance.
    """
    if schema is True:
        schema = {}
    if not isinstance(schema, dict):
        return schema
    spaces = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    return {**schema, "x-guidance": {**spaces, **options}}
