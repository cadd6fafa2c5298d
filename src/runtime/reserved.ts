/** Every statement and filter of the language. A program that uses one that is not built yet is told so, not that the name is unknown. */

const statements = words(`
  action.call addon.call ai.agent.run ai.external.mcp.server_details ai.external.mcp.tool.list ai.external.mcp.tool.run api.call api.lambda
  api.realtime_event api.request api.stream array.difference array.every array.filter array.filter_count array.find array.find_index
  array.group_by array.has array.intersection array.map array.merge array.partition array.pop array.push array.shift array.union
  array.unshift await break cloud.algolia.request cloud.aws.opensearch.document cloud.aws.opensearch.query cloud.aws.opensearch.request
  cloud.aws.s3.delete_file cloud.aws.s3.get_file_info cloud.aws.s3.list_directory cloud.aws.s3.read_file cloud.aws.s3.sign_url
  cloud.aws.s3.upload_file cloud.azure.storage.delete_file cloud.azure.storage.get_file_info cloud.azure.storage.list_directory
  cloud.azure.storage.read_file cloud.azure.storage.sign_url cloud.azure.storage.upload_file cloud.elasticsearch.document
  cloud.elasticsearch.query cloud.elasticsearch.request cloud.google.storage.delete_file cloud.google.storage.get_file_info
  cloud.google.storage.list_directory cloud.google.storage.read_file cloud.google.storage.sign_url cloud.google.storage.upload_file
  cloud.job cloud.job.await cloud.job.status cloud.typesense.request conditional continue datadog.log datadog.log_bulk datadog.metric
  datadog.metric_bulk db.add db.add_or_edit db.bulk.add db.bulk.delete db.bulk.patch db.bulk.update db.count db.del db.delete
  db.direct_query db.edit db.external.mssql.direct_query db.external.mysql.direct_query db.external.oracle.direct_query
  db.external.postgres.direct_query db.external.snowflake.direct_query db.get db.has db.increment db.patch db.query db.schema
  db.set_datasource db.transaction db.truncate debug.log debug.stop expect.to_be_defined expect.to_be_empty expect.to_be_false
  expect.to_be_greater_than expect.to_be_in_the_future expect.to_be_in_the_past expect.to_be_less_than expect.to_be_null expect.to_be_true
  expect.to_be_within expect.to_contain expect.to_end_with expect.to_equal expect.to_match expect.to_not_be_defined expect.to_not_be_null
  expect.to_not_equal expect.to_start_with expect.to_throw for foreach foreach.remove function.call function.run group math.add
  math.bitwise.and math.bitwise.or math.bitwise.xor math.div math.mod math.mul math.sub mcp.elicit mcp.oauth.complete mcp.oauth.request
  mcp.oauth.revoke mcp.progress microservice.request middleware.call object.entries object.keys object.values precondition
  realtime.get_session realtime.publish redis.count redis.decr redis.del redis.get redis.has redis.incr redis.keys redis.pop redis.push
  redis.range redis.ratelimit redis.remove redis.set redis.shift redis.unshift remove return schema.parse.array schema.parse.attribute
  schema.parse.constant schema.parse.enum schema.parse.immutable schema.parse.object security.check_password security.create_auth_token
  security.create_curve_key security.create_password security.create_rsa_key security.create_secret_key security.create_uuid
  security.jwe_decode_legacy security.jwe_encode_legacy
  security.decrypt security.encrypt security.jwe_decode security.jwe_encode security.jws_decode security.jws_encode security.random_bytes
  security.random_number storage.append_file storage.create_attachment storage.create_audio storage.create_file_resource
  storage.create_image storage.create_video storage.delete_file storage.read_file_resource storage.sign_private_url stream.from_csv
  stream.from_jsonl stream.from_request switch task.call text.append text.contains text.ends_with text.icontains text.iends_with
  text.istarts_with text.ltrim text.prepend text.rtrim text.starts_with text.trim throw tool.call trigger.call try_catch util.geo_distance
  util.get_all_input util.get_env util.get_input util.get_raw_input util.get_vars util.ip_lookup util.post_process util.send_email
  util.set_header util.sleep util.template_engine var var.update webflow.request while workflow_test.call zip.add_to_archive
  zip.create_archive zip.delete_from_archive zip.extract zip.view_contents
`)

const filters = words(`
  abs acos acosh add add_ms_to_timestamp add_secs_to_timestamp addslashes and append array_diff array_diff_assoc array_entries array_fill
  array_fill_keys array_filter array_find array_has array_intersect array_intersect_assoc array_keys array_lower array_max array_merge
  array_merge_recursive array_min array_pop array_push array_push_conditional array_remove array_replace array_set array_shift
  array_shuffle array_slice array_unshift array_upmerge array_values as asin asinh atan atanh avg base64_decode base64_decode_urlsafe
  base64_encode base64_encode_urlsafe base_convert between bin2hex bindec bitwise_and bitwise_not bitwise_or bitwise_xor capitalize ceil
  clamp_max clamp_min coalesce concat contains convert_encoding cos cosine_distance cosine_similarity count covers create_object
  create_object_from_entries create_uid crypto_jwe_decode crypto_jwe_encode crypto_jws_decode crypto_jws_encode csv_create csv_decode
  csv_encode csv_parse decbin dechex decoct decrypt deg2rad detect_encoding diff diff_assoc distance div divide empty encrypt ends_with
  entries epochms_add_ms epochms_add_secs epochms_date epochms_from_format epochms_transform eq equals escape even every exp fill fill_keys
  filter filter_empty filter_empty_array filter_empty_object filter_empty_text filter_false filter_null filter_zero find findIndex first
  first_notempty first_notnull flatten floor format_timestamp from_utf8 fsort get greater_than greater_than_or_equal gt gte has hex2bin
  hexdec hmac_md5 hmac_sha1 hmac_sha256 hmac_sha384 hmac_sha512 icontains iends_with iindex in includes index index_by inner_product
  intersect intersect_assoc is_array is_bool is_decimal is_empty is_int is_not_empty is_not_null is_null is_object is_text is_uuid
  istarts_with join json_decode json_encode jwe_decode jwe_encode jws_decode jws_encode keys l1_distance_manhattan l2_distance_euclidean
  lambda lambda_every lambda_filter lambda_find lambda_findIndex lambda_map lambda_reduce lambda_some last length less_than
  less_than_or_equal list_encodings ln log log10 lower lt lte ltrim map max md5 merge merge_recursive min mod modulus ms_to_secs mul
  multiply ne negative_inner_product not not_equals not_in null num_max num_min number_format octdec odd or overlaps pad_end pad_start
  parse_timestamp pick pop pow prepend product push querystring_parse rad2deg range reduce regex_get_all_matches regex_get_first_match
  regex_match regex_match_all regex_matches regex_quote regex_replace regex_test remove replace reverse round rsort rtrim safe_array
  search_rank secs_to_ms secureid_decode secureid_encode set set_conditional set_ifnotempty set_ifnotnull sha1 sha256 sha384 sha512 shift
  shuffle sin slice some sort splice split sprintf sql_alias sql_esc sqrt starts_with string_replace strip_accents strip_html strip_tags
  stripos strlen strpos sub substr subtract sum tan ternary text_escape text_unescape timestamp_add_days timestamp_add_hours
  timestamp_add_minutes timestamp_add_months timestamp_add_seconds timestamp_add_years timestamp_day_of_month timestamp_day_of_week
  timestamp_day_of_year timestamp_epoch_day timestamp_epoch_hour timestamp_epoch_minute timestamp_epoch_ms timestamp_epoch_sec
  timestamp_epoch_seconds timestamp_hour timestamp_minute timestamp_month timestamp_subtract_days timestamp_subtract_hours
  timestamp_subtract_minutes timestamp_subtract_months timestamp_subtract_seconds timestamp_subtract_years timestamp_week timestamp_year
  to_bool to_days to_dec to_decimal to_epoch_day to_epoch_hour to_epoch_minute to_epoch_ms to_epoch_sec to_epochms to_expr
  to_geo_linestring to_geo_multilinestring to_geo_multipoint to_geo_multipolygon to_geo_point to_geo_polygon to_hours to_int to_lower
  to_minutes to_ms to_seconds to_text to_timestamp to_upper to_utf8 transform transform_timestamp trim uid unaccent unique unpick unset
  unshift upper url_addarg url_decode url_decode_rfc3986 url_delarg url_encode url_encode_rfc3986 url_getarg url_hasarg url_parse uuid
  uuid4 values within xml_decode yaml_decode yaml_encode
`)

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

export const isReservedStatement = (name: string): boolean => statements.has(name)
export const isReservedFilter = (name: string): boolean => filters.has(name)
