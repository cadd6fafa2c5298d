// Applies operations; a bad one is reported and changes nothing
function "bank-account" {
  input {
    json operations
  }

  stack {
    var $balance { value = 0 }
    var $errors { value = [] }
    var $applied { value = 0 }

    foreach ($input.operations) {
      each as $operation {
        try_catch {
          try {
            switch ($operation.type) {
              case ("deposit") {
                precondition ($operation.amount > 0) {
                  error_type = "inputerror"
                  error = "Amount must be positive."
                }
                math.add $balance { value = $operation.amount }
              } break

              case ("withdraw") {
                conditional {
                  if ($operation.amount > $balance) {
                    throw {
                      name = "InsufficientFunds"
                      value = {missing: $operation.amount - $balance}
                    }
                  }
                }
                math.sub $balance { value = $operation.amount }
              } break

              default {
                throw {
                  name = "UnknownOperation"
                  value = $operation.type
                }
              }
            }
            math.add $applied { value = 1 }
          }

          catch {
            array.push $errors { value = {code: $error.name, detail: $error.result ?? $error.message} }
          }
        }
      }
    }
  }

  response = {balance: $balance, applied: $applied, errors: $errors}
}
